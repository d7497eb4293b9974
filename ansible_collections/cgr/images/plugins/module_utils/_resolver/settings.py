# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Settings: what the caller gives, else the environment, read once.

`Settings` is the one declaration of all settings.  Their names, kinds and texts are read from it wherever they are needed: the
arguments of the resolver, options and variables of Ansible, configuration of Pulumi, environment variables, documentation.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import Any, Mapping, NamedTuple, TypedDict, Union

from .errors import InvalidArgument, all_of
from .model.grammar import REGISTRY
from .model.mirrors import Mirrors
from .model.signers import Signers, SignersLike
from .redaction import remember_secret
from .setting_kinds import MAX_CONCURRENCY, parser_of

DEFAULT_REGISTRY_URL = f"https://{REGISTRY}"
DEFAULT_ISSUER = "https://issuer.enforce.dev"

PathLike = Union[str, os.PathLike[str]]


class SettingsArguments(TypedDict, total=False):
    """Settings as a caller gives them; see `Settings` for what they mean."""

    token: str | None
    username: str | None
    password: str | None
    identity: str | None
    identity_token: str | None
    identity_token_file: PathLike | None
    credentials: str | None
    registry_url: str | None
    registry: str | None
    issuer: str | None
    timeout: float | str | None
    concurrency: int | str | None
    cache: PathLike | None
    mirrors: Mapping[str, str] | str | None
    lock: PathLike | None
    signed: bool | str | None
    signers: SignersLike | str | None
    trusted_root: PathLike | None
    cosign: PathLike | None


class Setting(NamedTuple):
    """One setting.

    Attributes:
        name: its name as an argument, an option and in configuration.
        default: its value if it is not given.
        kind: `text`, `choice`, `url`, `path`, `file`, `seconds`, `count`, `flag`, `mapping` or `signers`.
        text: what it means, in Markdown.
        is_secret: whether it must never be shown.
        alias: another name that is accepted for it.
    """

    name: str
    default: Any
    kind: str
    text: str
    is_secret: bool
    alias: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are accepted, the preferred one first."""
        return (self.name, self.alias) if self.alias else (self.name,)

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that are read, the preferred one first."""
        return tuple(f"CGR_{name.upper()}" for name in self.names)


def _setting(text: str, kind: str = "text", alias: str | None = None) -> dict[str, Any]:
    return {"text": text, "kind": kind, "alias": alias}


@dataclass(frozen=True)
class Settings:
    """Settings; every value is valid.

    Each of them can also be given as the environment variable `CGR_` and its name in upper case.
    """

    token: str = field(
        default="",
        repr=False,
        metadata=_setting(
            "A Chainguard token with the audience `cgr.dev`, as printed by `chainctl auth token --audience cgr.dev`."
        ),
    )
    username: str = field(default="", metadata=_setting("The user name of a pull token. Requires `password`."))
    password: str = field(
        default="", repr=False, metadata=_setting("The password of a pull token. Requires `username`.")
    )
    identity: str = field(
        default="",
        metadata=_setting(
            "The UIDP of an assumable identity. An OIDC token is exchanged for a Chainguard token, without `chainctl`. GitHub"
            " Actions provides the OIDC token; elsewhere, set `identity_token` or `identity_token_file`."
        ),
    )
    identity_token: str = field(default="", repr=False, metadata=_setting("The OIDC token to exchange for `identity`."))
    identity_token_file: str = field(
        default="", metadata=_setting("A file with the OIDC token to exchange for `identity`.", "path")
    )
    credentials: str = field(
        default="",
        metadata=_setting(
            "`anonymous` sends no credentials. By default, the credentials of `docker pull` and `podman pull` are used, then"
            " those of `chainctl`.",
            "choice",
        ),
    )
    registry_url: str = field(
        default=DEFAULT_REGISTRY_URL,
        metadata=_setting(
            f"The URL of the registry to ask in place of `cgr.dev`. By default `{DEFAULT_REGISTRY_URL}`.",
            "url",
            "registry",
        ),
    )
    issuer: str = field(
        default=DEFAULT_ISSUER,
        metadata=_setting(f"The URL at which OIDC tokens are exchanged. By default `{DEFAULT_ISSUER}`.", "url"),
    )
    timeout: float = field(
        default=30.0,
        metadata=_setting("How long resolving one image may take, in seconds. By default `30`.", "seconds"),
    )
    concurrency: int = field(
        default=16,
        metadata=_setting(
            f"How many images of a set are resolved at the same time, from 1 to {MAX_CONCURRENCY}. By default `16`.",
            "count",
        ),
    )
    cache: str = field(
        default="",
        metadata=_setting(
            "A directory to cache what can never change: the results for instants in the past. It is created if it does not"
            " exist. By default, nothing is kept from one run to the next.",
            "path",
        ),
    )
    mirrors: Mirrors | None = field(
        default=None,
        metadata=_setting(
            "Registries that mirror `cgr.dev`: their names, and what they stand for, such as `registry.example.com/cgr` for"
            " `cgr.dev/acme.com`. An image is resolved at `cgr.dev` and written with the name of its mirror; the mirror is not"
            " asked. The longest matching prefix wins.",
            "mapping",
        ),
    )
    lock: str = field(
        default="",
        metadata=_setting(
            "A lock file, as written by `cgr-images lock`, such as `cgr.lock.json`. Images are resolved from it, without a"
            ' network and without credentials; an image that it does not contain is an error. An empty value (`""`) uses no'
            " lock file.",
            "file",
        ),
    )
    signed: bool = field(
        default=False,
        metadata=_setting(
            "Whether `signed` is true for every image whose rule does not say otherwise. By default `false`.", "flag"
        ),
    )
    signers: Signers | None = field(
        default=None,
        metadata=_setting(
            "Who may sign the images below a prefix of repositories, such as `cgr.dev/acme.com`: `issuer` and `identities`,"
            " which are compared exactly. The longest matching prefix wins; the signer of `cgr.dev/chainguard` is known.",
            "signers",
        ),
    )
    trusted_root: str = field(
        default="",
        metadata=_setting(
            "A file with the keys of the Sigstore services that are trusted, as written by `cosign trusted-root create`. By"
            " default, cosign gets that of the public Sigstore from the network, once for a run.",
            "path",
        ),
    )
    cosign: str = field(
        default="",
        metadata=_setting("The program that verifies signatures. By default, `cosign` is searched on `PATH`.", "path"),
    )
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, given: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
        """Reads settings: those that are given, then the environment, then the defaults.

        Args:
            given: values by name; `None` means that a setting is not given, the empty text means its default.
            environment: the environment variables.

        Raises:
            InvalidArgument: settings are malformed, or half of a pair is missing.
            TypeError: a setting does not exist.
        """
        unknown = sorted(set(given) - {name for setting in SETTINGS for name in setting.names})
        if unknown:
            raise TypeError(f"{unknown[0]!r} is not a setting; the settings are {', '.join(SETTING_NAMES)}")
        remember_secret(environment.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", ""))
        found: dict[str, Any] = {}
        wrong: list[InvalidArgument] = []
        for setting in SETTINGS:
            name, value = _first_given(setting, given, environment)
            if setting.is_secret:
                remember_secret(str(value))
            if value:
                try:
                    found[setting.name] = parser_of(setting.kind)(name, value)
                except InvalidArgument as error:
                    wrong.append(error)
        if wrong:
            raise all_of(wrong)
        settings = cls(**found, environment=environment)
        if bool(settings.username) != bool(settings.password):
            raise InvalidArgument(
                "username and password belong together: give both of a pull token, or neither.",
                "username" if settings.password else "password",
            )
        given_token = "identity_token" if settings.identity_token else "identity_token_file"
        if getattr(settings, given_token) and not settings.identity:
            raise InvalidArgument(
                f"{given_token} and identity belong together: also give the identity that the token is exchanged for, or omit"
                f" {given_token}.",
                given_token,
            )
        return settings


SETTINGS = tuple(
    Setting(each.name, each.default, is_secret=not each.repr, **each.metadata)
    for each in fields(Settings)
    if each.metadata
)
SETTING_NAMES = tuple(setting.name for setting in SETTINGS)
SECRET_NAMES = frozenset(setting.name for setting in SETTINGS if setting.is_secret)


def _first_given(setting: Setting, given: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[str, Any]:
    """Returns the value of a setting, without the white space around it, and under which name it was found."""
    for name in setting.names:
        if given.get(name) is not None:
            value = given[name]
            return name, value if isinstance(value, Mapping) else str(value).strip()
    for name in setting.variables:
        if environment.get(name, "").strip():
            return name, environment[name].strip()
    return setting.name, ""
