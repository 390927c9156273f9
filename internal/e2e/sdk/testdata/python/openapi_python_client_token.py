"""What openapi-python-client generates sends the token of an AuthenticatedClient."""

from expect import expect, name, password, url
from generated.openapi_python_client_token import AuthenticatedClient, Client
from generated.openapi_python_client_token.api.default import (
    get_admin,
    get_me,
    list_sessions,
    post_logout,
    post_token,
    post_token_renewal,
)
from generated.openapi_python_client_token.models import CredentialsInputBody, ErrorModel, User

before = get_me.sync_detailed(client=Client(base_url=url))
expect("me before login", before.status_code, 401)
expect("problem of me before login", before.parsed.status, 401)

# docs: begin use
public = Client(base_url=url)
login = post_token.sync_detailed(client=public, body=CredentialsInputBody(name=name, password=password))
client = AuthenticatedClient(base_url=url, token=login.parsed.access_token)
# docs: end
expect("login", login.status_code, 200)
expect("type of the token", login.parsed.token_type, "Bearer")
expect("the token lives", login.parsed.expires_in > 0, True)
me = get_me.sync_detailed(client=client)
expect("type of me", type(me.parsed), User)
expect("me", me.parsed.id, name)

admin = get_admin.sync_detailed(client=client)
expect("admin", admin.status_code, 403)
expect("type of admin", type(admin.parsed), ErrorModel)
expect("problem of admin", admin.parsed.status, 403)

renewal = post_token_renewal.sync_detailed(client=client)
client = AuthenticatedClient(base_url=url, token=renewal.parsed.access_token)
sessions = list_sessions.sync(client=client)
expect("sessions", len(sessions), 1)
expect("carrier", sessions[0].carrier, "bearer")

logout = post_logout.sync_detailed(client=client)
expect("logout", logout.status_code, 204)
after = get_me.sync_detailed(client=client)
expect("me after logout", after.status_code, 401)
expect("type of me after logout", type(after.parsed), ErrorModel)
expect("problem of me after logout", after.parsed.status, 401)
