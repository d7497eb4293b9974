# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a resolver: what the caller gives, and behind it the environment, read once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Callable, Mapping

from .errors import InvalidArgument, redact
from .model.mirrors import Mirrors

DEFAULT_REGISTRY = "https://cgr.dev"
DEFAULT_ISSUER = "https://issuer.enforce.dev"
DEFAULT_TIMEOUT = 30.0
DEFAULT_CONCURRENCY = 16


@dataclass(frozen=True)
class Settings:
    """Settings, of which each may also come from the environment variable `CGR_` and its name in upper case.

    The faces repeat these texts (`tests/test_arguments.py`).

    Attributes:
        token: a Chainguard token of audience `cgr.dev`, as `chainctl auth token --audience cgr.dev` prints it.
        username: the name of a pull token. Needs `password`.
        password: the secret of a pull token. Needs `username`.
        identity: the UIDP of an assumable identity. An OIDC token is exchanged for a token then, without `chainctl`. In
            GitHub Actions the OIDC token is asked of the job; elsewhere give `identity_token` or `identity_token_file`.
        identity_token: the OIDC token with which to assume `identity`.
        identity_token_file: a file that holds the OIDC token with which to assume `identity`.
        credentials: `anonymous` uses no credentials at all. By default, whatever is signed in for `docker pull` or
            `podman pull` is used, else `chainctl`.
        registry: the address at which `cgr.dev` is looked up, if it is another. By default `https://cgr.dev`.
        issuer: the address at which OIDC tokens are exchanged, if it is another. By default `https://issuer.enforce.dev`.
        timeout: how long one image may take, in seconds. By default `30`.
        concurrency: how many images of a set are looked up at the same time, from 1 to 64. By default `16`.
        cache: a folder in which to keep what can never change, the answers to instants that have passed. It is made where
            there is none. By default nothing is kept from one run to the next.
        mirrors: what other registries call images of `cgr.dev`, such as `registry.example.com/cgr` for `cgr.dev/acme.com`.
            An image is looked up at `cgr.dev` then, and written with its own name; the mirror is asked nothing. The longest
            name counts.
        lock: a file with pins, as `cgr-images lock` writes it, such as `cgr.lock.json`. Images are answered out of it, without
            a network and without credentials, and what it lacks is refused. Nothing (`""`) uses none.
        environment: the environment variables as they were when the settings were read.
    """

    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    identity: str = ""
    identity_token: str = field(default="", repr=False)
    identity_token_file: str = ""
    credentials: str = ""
    registry: str = DEFAULT_REGISTRY
    issuer: str = DEFAULT_ISSUER
    timeout: float = DEFAULT_TIMEOUT
    concurrency: int = DEFAULT_CONCURRENCY
    cache: str = ""
    mirrors: Mirrors | None = None
    lock: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, given: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
        """Reads settings: what is given first, then the environment, then the defaults.

        Args:
            given: values by name; `None` and the empty text stand for nothing.
            environment: the environment variables.

        Raises:
            InvalidArgument: a setting is malformed, or half of a pair is missing.
        """
        found: dict[str, Any] = {}
        for name in NAMES:
            value = given.get(name)
            value = environment.get(f"CGR_{name.upper()}", "") if value is None else value
            value = value if isinstance(value, Mapping) else str(value).strip()
            if value:
                found[name] = _READERS.get(name, str)(value)
        settings = cls(**found, environment=environment)
        settings._check()
        return settings

    def _check(self) -> None:
        if self.credentials not in ("", "anonymous"):
            raise InvalidArgument(
                f"credentials {redact(self.credentials)} is unknown: write 'anonymous', or leave it out."
            )
        if bool(self.username) != bool(self.password):
            raise InvalidArgument("username and password go together: give both, those of a pull token, or neither.")


NAMES = tuple(each.name for each in fields(Settings) if each.name != "environment")
"""The names of the settings, the same in arguments, options, configuration and environment."""


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise InvalidArgument(f"timeout {redact(text)} is not a number of seconds from 0 to 3600.")
    return seconds


def _threads(text: str) -> int:
    # Pulumi's configuration and Ansible's options may hold it as text.
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise InvalidArgument(f"concurrency {redact(text)} is not a whole number from 1 to 64.")
    return int(text)


_READERS: dict[str, Callable[[Any], Any]] = {"timeout": _seconds, "concurrency": _threads, "mirrors": Mirrors.of}
