# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The provider of `ImageDigest`, which runs in the process `python -m pulumi.dynamic`.

The state of every stack holds this class by its path and name, `pulumi_cgr.provider.ImageDigestProvider`: they are a
format and stay as they are.  An instance holds nothing when it is made, so nothing of it can get into the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from . import pin
from .program import resolver_from
from .resolver import Answer, CgrError, Resolver


class ImageDigestProvider(ResourceProvider):
    """Checks, compares and keeps `ImageDigest`; all the work is in the check (see `pin.py`)."""

    serialize_as_secret_always = False

    _setting: Callable[[str], Any] = staticmethod(lambda _key: None)
    _resolver: Resolver | None = None

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the stack's configuration; a wrong setting is reported by the check, where it can be a clean sentence."""
        self._setting = req.config.get

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Finds the digest; every expected failure is a sentence on the property at fault."""
        try:
            return CheckResult(pin.checked(_olds, news, self._resolve), [])
        except CgrError as error:
            return CheckResult({}, [CheckFailure(error.argument, str(error))])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compares what was found with what the state holds; another repository is another resource."""
        old, new = _olds.get("repository"), _news.get("repository")
        replaces = ["image"] if not pin.is_unknown(new) and old != new else []
        return DiffResult(pin.changed(_olds, _news), replaces, [], False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Keeps what the check found; the id is the repository, which outlives the digest."""
        return CreateResult(props["repository"], pin.outputs(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keeps what the check found."""
        return UpdateResult(pin.outputs(_news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Answers what is known: a refresh moves no pin."""
        return ReadResult(id_, props)

    def _resolve(self, image: str, at: str | None) -> Answer:
        if self._resolver is None:
            self._resolver = resolver_from(self._setting)
        return self._resolver.resolve(image, at=at)
