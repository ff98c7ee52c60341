"""An issuer of identity tokens on loopback, with keys of its own and every way in which one can misbehave."""

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"
TOKEN = "/token"
SHA = "3f9c1a" + "0" * 34


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of this name, made once in a process: making one takes its time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(name: str, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def public(kid: str, key: Any, **more: Any) -> dict[str, Any]:
    """The key as JWKS has it."""
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", **more}


@dataclass
class Misbehaviour:
    """What is wrong with the issuer at the moment."""

    status: int = 200
    seconds: float = 0
    redirect: str = ""
    discovery: Mapping[str, Any] = field(default_factory=dict)  # in place of what is right
    content: bytes | None = None


class Issuer(ThreadingHTTPServer):
    """Listens on loopback; `asked` are the paths that were asked for, in their order."""

    daemon_threads = True

    def __init__(self, kind: str = "github") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kind = kind
        self.asked: list[str] = []
        self.wrong = Misbehaviour()
        self.audience = "http://127.0.0.1:8000"
        self.changed: dict[str, Any] = {}  # of what it says of every job
        self.keys = [public("rsa", rsa_key("first")), public("ec", ec_key("first"))]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What it says of an ordinary job; None leaves a claim out."""
        now = int(time.time())
        usual = {
            "iss": self.url,
            "aud": self.audience,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
            **(GITHUB if self.kind == "github" else gitlab(self.url)),
        }
        return {
            name: value for name, value in {**usual, **self.changed, **changed}.items() if value is not None
        }

    def token(
        self,
        *,
        key: Any = None,
        kid: str | None = "rsa",
        algorithm: str = "RS256",
        headers: Mapping[str, Any] | None = None,
        **changed: Any,
    ) -> str:
        """An identity token, signed as it should be unless something else is said."""
        known = {"rsa": rsa_key("first"), "ec": ec_key("first")}
        key = known.get(kid or "", rsa_key("first")) if key is None else key
        said = {**({"kid": kid} if kid is not None else {}), **(headers or {})}
        return jwt.encode(self.claims(**changed), key, algorithm=algorithm, headers=said)


GITHUB: Mapping[str, Any] = {
    "sub": "repo:example/inspector:ref:refs/heads/main",
    "repository": "example/inspector",
    "repository_id": "1001",
    "repository_owner": "example",
    "repository_owner_id": "77",
    "repository_visibility": "public",
    "workflow": "submit",
    "workflow_ref": "example/inspector/.github/workflows/submit.yml@refs/heads/main",
    "job_workflow_ref": "example/inspector/.github/workflows/submit.yml@refs/heads/main",
    "event_name": "push",
    "ref": "refs/heads/main",
    "ref_type": "branch",
    "sha": SHA,
    "run_id": "5005",
    "run_number": "12",
    "run_attempt": "1",
    "runner_environment": "github-hosted",
}


def gitlab(url: str) -> dict[str, Any]:
    """The same at GitLab, whose CI file's address begins with its host."""
    host = url.partition("://")[2]
    return {
        "sub": "project_path:example/vision/inspector:ref_type:branch:ref:main",
        "project_path": "example/vision/inspector",
        "project_id": "2002",
        "namespace_path": "example/vision",
        "namespace_id": "88",
        "project_visibility": "public",
        "job_project_id": "2002",
        "job_project_path": "example/vision/inspector",
        "pipeline_source": "push",
        "pipeline_id": "6006",
        "job_id": "7007",
        "ref": "main",
        "ref_type": "branch",
        "ref_path": "refs/heads/main",
        "ref_protected": "true",
        "sha": SHA,
        "ci_config_ref_uri": f"{host}/example/vision/inspector//.gitlab-ci.yml@refs/heads/main",
        "ci_config_sha": SHA,
        "user_access_level": "maintainer",
    }


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuer = cast("Issuer", self.server)
        issuer.asked.append(self.path)
        wrong = issuer.wrong
        time.sleep(wrong.seconds)
        if self.path == DISCOVERY:
            said: Any = {"issuer": issuer.url, "jwks_uri": issuer.url + KEYS, **wrong.discovery}
        elif self.path.startswith(TOKEN):
            # As the runner asks for it; only the audience is for the job to say.
            asked = parse_qs(urlsplit(self.path).query)
            said = {"value": issuer.token(aud=asked["audience"][0])}
        else:
            said = {"keys": issuer.keys}
        content = json.dumps(said).encode() if wrong.content is None else wrong.content
        try:
            self.send_response(302 if wrong.redirect else wrong.status)
            if wrong.redirect:
                self.send_header("Location", wrong.redirect)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            pass  # whoever asked has gone

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def running(kind: str = "github") -> Iterator[Issuer]:
    """An issuer for the block."""
    issuer = Issuer(kind)
    thread = threading.Thread(target=issuer.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        issuer.shutdown()
        thread.join()
        issuer.server_close()
