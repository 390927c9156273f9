"""What openapi-python-client generates keeps cookies, as long as one client is used."""

from expect import expect, name, password, url
from generated.openapi_python_client.api.default import get_admin, list_sessions, post_logout
from generated.openapi_python_client.models import ErrorModel, User

# docs: begin use
from generated.openapi_python_client import Client
from generated.openapi_python_client.api.default import get_me, post_login
from generated.openapi_python_client.models import LoginInputBody

client = Client(base_url=url)  # carries the session
login = post_login.sync_detailed(client=client, body=LoginInputBody(name=name, password=password))
me = get_me.sync_detailed(client=client)  # me.parsed is a User, or the ErrorModel of a 401
# docs: end
expect("login", login.status_code, 204)
expect("type of me", type(me.parsed), User)
expect("me", me.parsed.id, name)

admin = get_admin.sync_detailed(client=client)
expect("admin", admin.status_code, 403)
expect("type of admin", type(admin.parsed), ErrorModel)
expect("problem of admin", admin.parsed.status, 403)

sessions = list_sessions.sync(client=client)
expect("sessions", len(sessions), 1)
expect("session is the current one", sessions[0].current, True)
expect("session has begun", sessions[0].created_at < sessions[0].expires_at, True)

logout = post_logout.sync_detailed(client=client)
expect("logout", logout.status_code, 204)
after = get_me.sync_detailed(client=client)
expect("me after logout", after.status_code, 401)
expect("type of me after logout", type(after.parsed), ErrorModel)
expect("problem of me after logout", after.parsed.status, 401)
