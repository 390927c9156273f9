"""What openapi-generator makes for Python sends the cookie as an API key."""

import sys

from expect import expect, name, password, url

sys.path.insert(0, "generated/openapi_generator")

# docs: begin use
from http.cookies import SimpleCookie

from openapi_client import ApiClient, ApiException, Configuration, DefaultApi, LoginInputBody

configuration = Configuration(host=url)
api = DefaultApi(ApiClient(configuration))
login = api.post_login_with_http_info(LoginInputBody(name=name, password=password))
cookie = SimpleCookie(login.headers["Set-Cookie"])
configuration.api_key["sessionCookie"] = next(iter(cookie.values())).value
try:
    me = api.get_me()  # a User
except ApiException as e:  # UnauthorizedException for a 401
    sys.exit(e.data.detail)  # e.data is an ErrorModel
# docs: end
from openapi_client import ErrorModel
from openapi_client.exceptions import ForbiddenException, UnauthorizedException


def refused(what, status, kind, call):
    try:
        call()
    except kind as e:
        expect(what, e.status, status)
        expect(f"type of {what}", type(e.data), ErrorModel)
        expect(f"problem of {what}", e.data.status, status)
    else:
        sys.exit(f"{what}: got no error, want {status}")


expect("login", login.status_code, 204)
expect("me", me.id, name)
refused("admin", 403, ForbiddenException, api.get_admin)

sessions = api.list_sessions()
expect("sessions", len(sessions), 1)
expect("session is the current one", sessions[0].current, True)
expect("session has begun", sessions[0].created_at < sessions[0].expires_at, True)

expect("logout", api.post_logout_with_http_info().status_code, 204)
refused("me after logout", 401, UnauthorizedException, api.get_me)
