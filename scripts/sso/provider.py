#!/usr/bin/env python3
"""The OpenID Connect server that single sign-on is tried against, started and driven from Python.

    scripts/sso/provider.py     checks that the server does what tests of single sign-on rely on

A test that fails for the server's sake costs an afternoon; this says so in two seconds.
"""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import urllib.parse

from browser import Browser

HERE = pathlib.Path(__file__).resolve().parent
CLIENT, PUBLIC = "tollhouse", "tollhouse-public"


class Provider:
    """A running server: `issuer`, `secret` of its client, and the people it knows."""

    def __init__(self, directory, redirect_uri):
        self.redirect_uri, self.secret = redirect_uri, secrets.token_urlsafe(32)
        self.people = pathlib.Path(directory) / "people.json"
        self.process = self.issuer = None

    def know(self, **people):
        """Who there is from now on. Put in place at once, because the server may be reading."""
        new = self.people.with_suffix(".new")
        new.write_text(json.dumps(people))
        new.replace(self.people)

    def start(self):
        """Starts it; a second time at the same address, with other keys."""
        subprocess.run([HERE / "install.sh"], check=True)
        path = subprocess.run([HERE / "install.sh", "--path"], check=True, capture_output=True, text=True).stdout.strip()
        port = [str(urllib.parse.urlsplit(self.issuer).port)] if self.issuer else []
        command = ["node", HERE / "provider.mjs", path, self.people, self.redirect_uri, *port]
        environment = {**os.environ, "SSO_CLIENT_SECRET": self.secret, "NO_COLOR": "1"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.issuer = self.process.stdout.readline().strip()
        if not self.issuer:
            raise SystemExit("the OpenID Connect server did not start")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.process.stdout.close()
            self.process = None


@contextlib.contextmanager
def running(redirect_uri, **people):
    """A server for the length of a `with`."""
    with tempfile.TemporaryDirectory(prefix="tollhouse-sso.") as directory:
        provider = Provider(directory, redirect_uri)
        provider.know(**people)
        try:
            provider.start()
            yield provider
        finally:
            provider.stop()


def sign_in(browser, page, name):
    """Goes through the server's own pages, from its sign-in form to wherever it sends the browser.
    One who is signed in there already is not asked again."""
    for _ in range(4):
        if not page.forms or "prompt" not in page.forms[0]["fields"]:
            return page
        asked = page.forms[0]["fields"]["prompt"] == "login"
        page = browser.submit(page, **({"login": name, "password": "any"} if asked else {}))
    raise AssertionError(f"still asked to sign in at {page.url}")


def part(token, at):
    text = token.split(".")[at]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Visit:
    """One person's way through the authorization code flow, as the client's side of it."""

    def __init__(self, provider, name, client=CLIENT, challenge=True):
        self.provider, self.client = provider, client
        self.state, self.nonce = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": provider.redirect_uri,
            "scope": "openid email profile groups",
            "state": self.state,
            "nonce": self.nonce,
        }
        if challenge:
            query["code_challenge"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            query["code_challenge_method"] = "S256"
        browser = Browser(stop=provider.redirect_uri)
        url = provider.issuer + "/auth?" + urllib.parse.urlencode(query)
        self.page = sign_in(browser, browser.get(url), name)

    def redeem(self, verifier=None, secret=None):
        """Sends the code in, and returns status and answer."""
        fields = {
            "grant_type": "authorization_code",
            "code": self.page.query["code"],
            "redirect_uri": self.provider.redirect_uri,
            "code_verifier": verifier or self.verifier,
        }
        headers = {}
        if self.client == PUBLIC:
            fields["client_id"] = self.client
        else:
            pair = f"{self.client}:{secret or self.provider.secret}".encode()
            headers["authorization"] = "Basic " + base64.b64encode(pair).decode()
        answer = Browser().post(self.provider.issuer + "/token", fields, headers)
        return answer.status, json.loads(answer.text)


def discovered(provider):
    found = json.loads(Browser().get(provider.issuer + "/.well-known/openid-configuration").text)
    assert found["issuer"] == provider.issuer, found
    assert found["authorization_endpoint"] == provider.issuer + "/auth", found
    assert found["token_endpoint"] == provider.issuer + "/token", found
    assert found["code_challenge_methods_supported"] == ["S256"], found
    return {key["kid"]: key for key in json.loads(Browser().get(found["jwks_uri"]).text)["keys"]}


def check():
    people = {
        "ada": {"email": "ada@example.com", "email_verified": True, "name": "Ada", "groups": ["tower", "gate"]},
        "eve": {"email": "ada@example.com", "email_verified": False, "name": "Eve"},
    }
    with running("http://127.0.0.1:1/oidc/callback", **people) as provider:
        keys = discovered(provider)
        for client, algorithm in ((CLIENT, "RS256"), (PUBLIC, "ES256")):
            visit = Visit(provider, "ada", client)
            assert visit.page.url.startswith(provider.redirect_uri + "?"), visit.page.url
            assert visit.page.query["state"] == visit.state, visit.page.url
            # What RFC 9207 adds against a mix-up of servers.
            assert visit.page.query["iss"] == provider.issuer, visit.page.url
            status, answer = visit.redeem()
            assert status == 200, answer
            head, claims = part(answer["id_token"], 0), part(answer["id_token"], 1)
            assert head["alg"] == algorithm == keys[head["kid"]]["alg"], head
            assert (claims["iss"], claims["aud"], claims["nonce"]) == (provider.issuer, client, visit.nonce), claims
            assert claims["sub"] == "ada" and people["ada"].items() <= claims.items(), claims
            # A code works once.
            assert visit.redeem()[0] == 400

        assert Visit(provider, "ada").redeem(verifier="x" * 43)[0] == 400
        assert Visit(provider, "ada").redeem(secret="wrong")[0] == 401
        assert Visit(provider, "ada", challenge=False).page.query["error"] == "invalid_request"

        claims = part(Visit(provider, "eve").redeem()[1]["id_token"], 1)
        assert claims["email_verified"] is False and "groups" not in claims, claims

        provider.know(**{**people, "ada": {**people["ada"], "groups": ["gate"]}})
        claims = part(Visit(provider, "ada").redeem()[1]["id_token"], 1)
        assert claims["groups"] == ["gate"], claims

        issuer = provider.issuer
        provider.stop()
        provider.start()
        assert provider.issuer == issuer and not keys.keys() & discovered(provider).keys()
    print("the OpenID Connect server does what the tests rely on")


if __name__ == "__main__":
    if sys.argv[1:]:
        raise SystemExit(__doc__)
    check()
