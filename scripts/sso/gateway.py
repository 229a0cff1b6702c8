#!/usr/bin/env python3
"""Signs people in to a real Tollhouse at a real OpenID Connect server, as browsers do.

    scripts/sso/gateway.py TOLLHOUSE

TOLLHOUSE is the built command. Checks who they are then, what their groups give and take, that new keys
of the server's are found, that signing out ends it, and that the server's absence ends nothing else.
"""

import contextlib
import json
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import provider
from browser import Browser

CONFIGURATION = """
[server]
listen = "127.0.0.1:{port}"
data_dir = "{directory}/data"
public_url = "{url}"
[admin]
token = "env:SSO_ADMIN"
[oidc]
issuer = "{issuer}"
client_id = "{client}"
{secret}
scopes = ["openid", "email", "profile", "groups"]
allow_password = false
mapping = [
    {{ group = "tower", org = "acme", role = "owner" }},
    {{ group = "gate", org = "acme", role = "member" }},
    {{ group = "gate", org = "lab", role = "viewer" }},
    {{ group = "root", admin = true }},
]
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gateway:
    """A running Tollhouse, and its administrator."""

    def __init__(self, program, directory, port):
        self.program, self.directory, self.port = program, pathlib.Path(directory), port
        self.url, self.token = f"http://127.0.0.1:{port}", secrets.token_urlsafe(32)
        self.process = None

    def start(self, server, client):
        secret = 'client_secret = "env:SSO_SECRET"' if client == provider.CLIENT else ""
        text = CONFIGURATION.format(
            port=self.port, directory=self.directory, url=self.url, issuer=server.issuer, client=client, secret=secret
        )
        file = self.directory / "tollhouse.toml"
        file.write_text(text)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "SSO_ADMIN": self.token,
            "SSO_SECRET": server.secret,
        }
        command = [self.program, "serve", "--config", str(file)]
        with open(self.directory / "log", "a") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                if Browser().get(self.url + "/readyz").status == 200:
                    return
            time.sleep(0.05)
        raise SystemExit("Tollhouse did not start:\n" + (self.directory / "log").read_text())

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(40)
            self.process = None

    def ask(self, path, method="GET", body=None):
        """As the administrator."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        answer = Browser().open(request)
        text = answer.read().decode()
        assert answer.status < 300, (answer.status, text)
        return json.loads(text) if text else None


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, gateway):
        self.gateway, self.browser = gateway, Browser()

    def sign_in(self, name, next="/healthz"):
        """From our page through the server's own back to ours."""
        page = self.browser.get(f"{self.gateway.url}/oidc/start?next={next}")
        return provider.sign_in(self.browser, page, name)

    def me(self):
        page = self.browser.get(self.gateway.url + "/api/v1/me")
        return page.status, json.loads(page.text)

    def orgs(self):
        status, me = self.me()
        assert status == 200, me
        return {org["name"]: org["role"] for org in me["user"]["orgs"]}

    def sign_out(self):
        headers = {"origin": self.gateway.url, "x-csrf-token": self.me()[1]["csrf"]}
        request = urllib.request.Request(self.gateway.url + "/api/v1/session", None, headers, method="DELETE")
        return self.browser.open(request).status


def ada(*groups):
    return {"email": "ada@example.com", "email_verified": True, "name": "Ada", "groups": list(groups)}


def visits(gateway, server):
    for name in ("acme", "lab"):
        gateway.ask("/api/v1/orgs", "POST", {"name": name})
    gateway.ask("/api/v1/users", "POST", {"name": "Root", "email": "root@example.com", "admin": True})

    person = Person(gateway)
    page = person.sign_in("ada")
    assert (page.url, page.status) == (gateway.url + "/healthz", 200), (page.url, page.status, page.text)
    _, me = person.me()
    user = me["user"]
    assert (user["name"], user["email"], user["admin"]) == ("Ada", "ada@example.com", False), me
    assert person.orgs() == {"acme": "member", "lab": "viewer"}, me

    # The groups are another's now; the one from before counts until the next sign-in.
    server.know(ada=ada("tower", "root"), **OTHERS)
    assert person.orgs() == {"acme": "member", "lab": "viewer"}
    assert person.sign_in("ada").status == 200
    assert person.me()[1]["user"]["id"] == user["id"]
    assert person.me()[1]["user"]["admin"] is True
    assert person.orgs() == {"acme": "owner"}, person.orgs()
    # Nobody else owns it.
    server.know(ada=ada(), **OTHERS)
    assert person.sign_in("ada").status == 200
    assert person.me()[1]["user"]["admin"] is False
    assert person.orgs() == {"acme": "owner"}, person.orgs()

    refused(gateway)
    assert person.sign_out() == 204
    assert person.me()[0] == 401

    kept = gateway.ask("/api/v1/audit?action=member.keep&limit=10")["data"]
    assert [entry["actor"]["id"] for entry in kept] == [user["id"]], kept
    return user


def refused(gateway):
    """Who is not let in, and is told so on a page of ours."""
    for name, says in (
        ("eve", "none of your groups"),
        ("mallory", "administrator of this installation"),
        ("ben", "somebody else signs in to"),
    ):
        stranger = Person(gateway)
        page = stranger.sign_in(name)
        assert page.status == 403 and says in page.text, (name, page.status, page.text)
        assert any("/oidc/start" in link for link in page.links), page.text
        assert stranger.me()[0] == 401, name


def absences(gateway, server, user):
    """New keys, a server that is away, and somebody who is switched off."""
    person = Person(gateway)
    assert person.sign_in("ada").status == 200
    server.stop()
    assert person.me()[0] == 200
    assert Browser().get(gateway.url + "/readyz").status == 200
    server.start()
    other = Person(gateway)
    page = other.sign_in("ada")
    assert page.status == 200 and other.me()[0] == 200, page.text
    # An organization keeps an owner.
    heir = gateway.ask("/api/v1/users", "POST", {"name": "Heir", "email": "heir@example.com"})
    gateway.ask("/api/v1/orgs/acme/members/" + heir["id"], "PUT", {"role": "owner"})
    gateway.ask("/api/v1/users/" + user["id"], "DELETE")
    assert person.me()[0] == 401 and other.me()[0] == 401
    page = other.sign_in("ada")
    assert page.status == 403 and "switched off" in page.text, page.text


OTHERS = {
    # An address that is not known to be theirs opens nobody's account.
    "eve": {"email": "ada@example.com", "email_verified": False, "name": "Eve", "groups": ["none"]},
    "mallory": {"email": "root@example.com", "email_verified": True, "name": "Mallory", "groups": ["tower"]},
    "ben": {"email": "ada@example.com", "email_verified": True, "name": "Ben", "groups": ["tower"]},
}


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 64
    program = pathlib.Path(sys.argv[1]).resolve()
    for client in (provider.CLIENT, provider.PUBLIC):
        port = free_port()
        callback = f"http://127.0.0.1:{port}/oidc/callback"
        with (
            tempfile.TemporaryDirectory(prefix="tollhouse-sso.") as directory,
            provider.running(callback, ada=ada("gate"), **OTHERS) as server,
        ):
            gateway = Gateway(program, directory, port)
            try:
                gateway.start(server, client)
                user = visits(gateway, server)
                absences(gateway, server, user)
            except BaseException:
                with contextlib.suppress(OSError):
                    print((pathlib.Path(directory) / "log").read_text(), file=sys.stderr)
                raise
            finally:
                gateway.stop()
        print(f"signed in, out and on again as the client {client}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
