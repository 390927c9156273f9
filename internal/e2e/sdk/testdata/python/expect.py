"""Arguments of every client: where the API is, and who signs in."""

import sys

url, name, password = sys.argv[1:4]


def expect(what, got, want):
    if got != want:
        sys.exit(f"{what}: got {got!r}, want {want!r}")
