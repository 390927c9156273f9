"""A native client in Python: python3 token_file.py URL NAME PASSWORD FILE."""

import sys

# docs: begin file
import os
import tempfile

import requests


class TokenFile:
    """Keeps a token in a file that only its owner can read. Its folder exists."""

    def __init__(self, path):
        self.path = path

    def load(self):
        try:
            with open(self.path, encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def save(self, token):
        handle, temp = tempfile.mkstemp(dir=os.path.dirname(self.path) or ".")  # with mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(token)
            file.flush()
            os.fsync(handle)
        os.replace(temp, self.path)  # in one step: a crash leaves the old token or the new one


class TokenAdapter(requests.adapters.HTTPAdapter):
    """Sends the token, and keeps the one of the header Session-Token."""

    def __init__(self, tokens):
        super().__init__()
        self.tokens = tokens

    def send(self, request, *args, **kwargs):
        if token := self.tokens.load():
            request.headers["Authorization"] = f"Bearer {token}"
        response = super().send(request, *args, **kwargs)
        if token := response.headers.get("Session-Token"):
            self.tokens.save(token)
        return response
# docs: end


def expect(subject, got, want):
    if got != want:
        sys.exit(f"{subject}: got {got!r}, want {want!r}")


api, name, password, path = sys.argv[1:5]

# docs: begin use
tokens = TokenFile(path)
session = requests.Session()
session.mount(api + "/", TokenAdapter(tokens))  # no other address gets the token
if not tokens.load():
    answer = session.post(api + "/token", json={"name": name, "password": password}, timeout=10)
    answer.raise_for_status()
    tokens.save(answer.json()["access_token"])
# docs: end

expect("me", session.get(api + "/me", timeout=10).json()["id"], name)
expect("mode", os.stat(path).st_mode & 0o777, 0o600)
expect("files", os.listdir(os.path.dirname(path)), [os.path.basename(path)])

# A step-up sends the new token in a header.
first = tokens.load()
expect("proof", session.post(api + "/prove", json={"code": "123456"}, timeout=10).status_code, 204)
expect("another token", tokens.load() != first, True)

# A renewal that is lost leaves the old token valid.
expect("renewal", session.post(api + "/token/renew", timeout=10).status_code, 200)
expect("another renewal", session.post(api + "/token/renew", timeout=10).status_code, 409)
expect("me after it", session.get(api + "/me", timeout=10).status_code, 200)

# Another process has the file alone.
again = requests.Session()
again.mount(api + "/", TokenAdapter(TokenFile(path)))
expect("pay", again.post(api + "/pay", json={"to": "grace", "amount": 5}, timeout=10).status_code, 204)
expect("logout", again.post(api + "/logout", timeout=10).status_code, 204)
expect("me after logout", again.get(api + "/me", timeout=10).status_code, 401)
tokens.save("")
