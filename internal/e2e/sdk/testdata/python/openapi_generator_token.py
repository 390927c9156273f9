"""What openapi-generator makes for Python sends the access token of its configuration."""

import sys

from expect import expect, name, password, url

sys.path.insert(0, "generated/openapi_generator_token")

from openapi_client import ApiClient, Configuration, CredentialsInputBody, DefaultApi, ErrorModel
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


configuration = Configuration(host=url)
api = DefaultApi(ApiClient(configuration))
refused("me before login", 401, UnauthorizedException, api.get_me)

# docs: begin use
login = api.post_token(CredentialsInputBody(name=name, password=password))
configuration.access_token = login.access_token
# docs: end
expect("type of the token", login.token_type, "Bearer")
expect("the token lives", login.expires_in > 0, True)
expect("me", api.get_me().id, name)
refused("admin", 403, ForbiddenException, api.get_admin)

configuration.access_token = api.post_token_renewal().access_token
sessions = api.list_sessions()
expect("sessions", len(sessions), 1)
expect("carrier", sessions[0].carrier, "bearer")

expect("logout", api.post_logout_with_http_info().status_code, 204)
refused("me after logout", 401, UnauthorizedException, api.get_me)
