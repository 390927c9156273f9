"""A client that keeps its cookies in a file: python3 cookie_file.py URL NAME PASSWORD FILE."""

import sys

api, name, password, path = sys.argv[1:5]

# docs: begin cookies
import os
from http.cookiejar import MozillaCookieJar

import requests

session = requests.Session()
session.cookies = jar = MozillaCookieJar(path)
if os.path.exists(path):
    jar.load(ignore_discard=True)  # also cookies without Max-Age, as the session's is


def save():  # after each answer with Set-Cookie
    os.close(os.open(path + ".new", os.O_WRONLY | os.O_CREAT, 0o600))
    jar.save(path + ".new", ignore_discard=True)
    os.replace(path + ".new", path)
# docs: end


saved = os.path.exists(path)
got = session.get(api + "/me", timeout=10).status_code
if got != (200 if saved else 401):
    sys.exit(f"me: got {got} with the file: {saved}")
session.post(api + "/login", json={"name": name, "password": password}, timeout=10).raise_for_status()
save()
if os.stat(path).st_mode & 0o777 != 0o600:
    sys.exit(f"got mode {os.stat(path).st_mode:o}, want 600")
