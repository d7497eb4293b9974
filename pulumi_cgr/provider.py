# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The providers of `ImageDigest` and `ImageDigests`, which run in the process `python -m pulumi.dynamic`.

The state of every stack holds these classes by their path and name, such as `pulumi_cgr.provider.ImageDigestProvider`: they
are a format and stay as they are.  An instance holds nothing when it is made, so nothing of it can get into the state.
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

from ._bridge import border
from ._pulumi import check_image as pin
from ._pulumi import check_set as pins
from ._pulumi.prefetch import resolver_from
from .resolver import CgrError, MemoryCache, Resolver


class _Provider(ResourceProvider):
    """What both have in common: the settings, the resolver, and failures that are sentences."""

    serialize_as_secret_always = False

    _setting: Callable[[str], Any] = staticmethod(lambda _key: None)
    _made: Resolver | None = None

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the stack's configuration; a wrong setting is reported by the check, where it can be a clean sentence."""
        self._setting = req.config.get

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Finds the digests; every expected failure is a sentence on the property at fault."""
        try:
            with border():
                return CheckResult(self._checked(_olds, news), [])
        except CgrError as error:
            return CheckResult({}, [CheckFailure(error.argument, str(error))])

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Answers what is known: a refresh moves no pin."""
        return ReadResult(id_, props)

    def _checked(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        raise AssertionError

    @property
    def _resolver(self) -> Resolver:
        if self._made is None:
            self._made = resolver_from(self._setting, run_cache=MemoryCache())
        return self._made


class ImageDigestProvider(_Provider):
    """Checks, compares and keeps `ImageDigest`; all the work is in the check (see `_pulumi/check_image.py`)."""

    def _checked(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        return pin.checked(olds, news, self._resolver)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compares what was found with what the state holds; another repository is another resource."""
        (old, _old_tag), (new, _new_tag) = pin.source(_olds), pin.source(_news)
        replaces = ["image"] if not pin.is_unknown(new) and old != new else []
        return DiffResult(pin.changed(_olds, _news), replaces, [], False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Keeps what the check found; the id is the repository where it was looked up, which outlives the digest."""
        return CreateResult(pin.source(props)[0], pin.outputs(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keeps what the check found."""
        return UpdateResult(pin.outputs(_news))


class ImageDigestsProvider(_Provider):
    """Checks, compares and keeps `ImageDigests`; all the work is in the check (see `_pulumi/check_set.py`)."""

    def _checked(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        return pins.checked(olds, news, self._resolver)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compares what was found with what the state holds."""
        return DiffResult(pins.differs(_olds, _news), [], [], False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Keeps what the check found; the id says nothing, for the images of a set may become others."""
        return CreateResult("images", pins.outputs(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keeps what the check found."""
        return UpdateResult(pins.outputs(_news))
