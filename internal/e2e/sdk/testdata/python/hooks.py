"""What schemathesis is told about the API: how to sign in, and what is promised."""

import os

import requests
import schemathesis

if os.environ.get("SIGN_IN"):
    # docs: begin session
    @schemathesis.auth(refresh_interval=None)
    class Session:
        """Signs in for every request, since some of them sign out."""

        def get(self, case, context):
            base = case.operation.base_url.rstrip("/")
            credentials = {"name": "ada", "password": "engine"}
            answer = requests.post(f"{base}/login", json=credentials, timeout=10)
            answer.raise_for_status()
            return answer.cookies["quickstart"]

        def set(self, case, data, context):
            case.cookies = {**(case.cookies or {}), "quickstart": data}

    # docs: end

@schemathesis.check
def refusals_are_documented(context, response, case):
    """A 401 or 403 is an answer of its own in the document: default does not count.

    The 401 of a wrong password is the handler's, not the session's.
    """
    if response.status_code not in (401, 403) or case.path == "/login" and response.status_code == 401:
        return
    documented = case.operation.definition.raw["responses"]
    assert str(response.status_code) in documented, f"{response.status_code} is only in default"
