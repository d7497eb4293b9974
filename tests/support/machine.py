# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated machine that has only what a test puts there, and a registry with one private and one public image."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry, Reply, Request

IMAGE = "cgr.dev/acme.com/web:1"
PUBLIC = "cgr.dev/chainguard/web:1"
A = "sha256:" + 64 * "a"
HISTORY = [{"updateTimestamp": "2026-01-31T00:00:00Z", "digest": A}]
PASSWORD = "the-secret-password"


def token(audience: str = "cgr.dev", seconds: float = 3600, name: str = "me") -> str:
    """Returns a token in Chainguard's format, with an invalid signature."""
    claims = {"aud": [audience], "exp": time.time() + seconds, "sub": name}
    header, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
    )
    return f"{header}.{body}.thesecretsignature"


GOOD = token()


@dataclass
class Machine:
    """An empty machine, and a registry."""

    home: Path
    registry: Registry
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, content: object) -> Path:
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        file.chmod(0o600)
        return file

    def program(self, name: str, script: str) -> None:
        self.write(f"bin/{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of programs on this machine."""
        environ = {"HOME": str(self.home), "PATH": f"{self.home}/bin:/usr/bin:/bin", "CGR_REGISTRY": self.registry.url}
        return {**environ, **self.environ}

    def resolver(self, **settings: Any) -> Resolver:
        return Resolver(environment=self.environment, **settings)

    def resolve(self, image: str = IMAGE, **settings: Any) -> str:
        return self.resolver(**settings).resolve(image).digest

    def refusing(self, reply: Reply, otherwise: Callable[[Request], Reply | None]) -> Callable[[Request], Reply | None]:
        """Makes the registry respond with this to every request for a history."""
        return lambda request: reply if "/_chainguard/" in request.path else otherwise(request)

    def sent(self) -> set[str]:
        return {request.headers.get("authorization", "none") for request in self.registry.requests}


BASIC = base64.b64encode(f"acme/pull:{PASSWORD}".encode()).decode()
HELPER = f"read host; [ \"$host\" = cgr.dev ] && echo '{json.dumps({'ServerURL': 'cgr.dev', 'Username': '_token', 'Secret': GOOD})}'"


CONFIGS = {
    "auth": {"auths": {"cgr.dev": {"auth": BASIC}}},
    "an old key": {"auths": {"https://cgr.dev/v1/": {"auth": BASIC}}},
    "a Chainguard token": {"auths": {"cgr.dev": {"auth": base64.b64encode(f"_token:{GOOD}".encode()).decode()}}},
    "identitytoken": {"auths": {"cgr.dev": {"identitytoken": "refresh-me"}}},
    "registrytoken": {"auths": {"cgr.dev": {"registrytoken": GOOD}}},
    "a namespace": {"auths": {"cgr.dev": {"auth": "d3Jvbmc6d3Jvbmc="}, "cgr.dev/acme.com": {"auth": BASIC}}},
    "a repository": {
        "auths": {"cgr.dev/acme.com": {"auth": "d3Jvbmc6d3Jvbmc="}, "cgr.dev/acme.com/web": {"auth": BASIC}}
    },
    "credHelpers": {"credHelpers": {"cgr.dev": "cgr"}, "auths": {"cgr.dev": {}}},
    "credsStore": {"credsStore": "cgr", "auths": {"cgr.dev": {}}},
}
PLACES = {
    ".docker/config.json": {},
    "elsewhere/config.json": {"DOCKER_CONFIG": "elsewhere"},
    "podman.json": {"REGISTRY_AUTH_FILE": "podman.json"},
    "run/containers/auth.json": {"XDG_RUNTIME_DIR": "run"},
    ".config/containers/auth.json": {},
}


def issue(request: Request) -> Reply | None:
    """Simulates Chainguard's issuer of tokens and GitHub's issuer of OIDC tokens."""
    if request.path == "/github":
        assert request.query == {"audience": request.headers["host"], "run": "7"}
        right = request.headers["authorization"] == "Bearer the-job-secret"
        return Reply.of_json(200 if right else 401, {"value": "the-oidc-secret"})
    if request.path != "/sts/exchange":
        return None
    assert request.method == "POST"
    if request.headers["authorization"] != "Bearer the-oidc-secret" or request.query.get("identity") != "acme/ci":
        return Reply.of_json(401, {"code": 16, "message": "subject does not match"})
    return Reply.of_json(200, {"token": GOOD, "refresh_token": "r", "expiry": "2026-12-01T00:00:00Z"})


def made(home: Path) -> Machine:
    """Returns the machine; its registry is not started yet."""
    histories = {"acme.com/web:1": HISTORY, "chainguard/web:1": HISTORY}
    return Machine(home, Registry(histories, tokens=[GOOD, "refresh-me"], users={"acme/pull": PASSWORD}))
