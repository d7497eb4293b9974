# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The providers of `ImageDigest` and `ImageDigests`, which run in the process `python -m pulumi.dynamic`.

The state of every stack holds these classes by their path and name, such as `pulumi_cgr.provider.ImageDigestProvider`: they
are a format and stay as they are.  An instance holds nothing when it is made, so nothing of it can get into the state.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar

import pulumi
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
from ._pulumi import check_set
from ._pulumi.config import resolver_from_config
from ._pulumi.failures import failure_to_property, hide_arguments, property_of
from ._pulumi.properties import FAILURE, HIDES_ARGUMENTS, PREVIEW
from ._pulumi.resource_type import IMAGE_DIGEST, IMAGE_DIGESTS, ResourceType
from .resolver import CgrError, MemoryCache, Resolver

LONGEST_LOOKUP = 10.0
"""The most seconds that resolving one image in a check may take: the engine waits for a check, even if it is interrupted."""


class _Provider(ResourceProvider):
    """The base of both: the settings, the resolver, and failures that are sentences."""

    serialize_as_secret_always = False

    _type: ClassVar[ResourceType]
    _setting: Callable[[str], Any] = staticmethod(lambda _key: None)
    _made: Resolver | None = None

    def configure(self, req: ConfigureRequest) -> None:
        """Takes the stack's configuration; a wrong setting is reported by the check, where it can be a clean sentence."""
        self._setting = req.config.get

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Finds the digests; every expected failure is a sentence on the property it is about.

        In a preview it succeeds even then, and passes the failure on to the program (see `_pulumi/failures.py`).
        """
        try:
            with border():
                return CheckResult(self._type.check(_olds, news, self._resolver), [])
        except CgrError as error:
            shown = hide_arguments(error) if news.get(HIDES_ARGUMENTS) is True else error
            if news.get(PREVIEW) is not True:
                return CheckResult({}, [CheckFailure(property_of(shown), str(shown))])
            return CheckResult({**self._held(_olds, news), FAILURE: failure_to_property(shown)}, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compares what was found with what the state holds; another repository is another resource."""
        changes = FAILURE in _news or bool(self._type.changed(_olds, _news))
        return DiffResult(changes, self._type.replaced_by(_olds, _news), [], False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Keeps what the check found."""
        return CreateResult(self._type.id_of(props), self._type.kept_properties(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Keeps what the check found."""
        return UpdateResult(self._type.kept_properties(_news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Returns what is known: a refresh moves no pin."""
        return ReadResult(id_, props)

    def _held(self, olds: dict[str, Any], _news: dict[str, Any]) -> dict[str, Any]:
        """Returns what the state holds, and for a new resource unknown values."""
        held = {key: value for key, value in olds.items() if key != "__provider"}
        return held or dict.fromkeys(self._type.resolution, pulumi.UNKNOWN)

    @property
    def _resolver(self) -> Resolver:
        if self._made is None:
            self._made = resolver_from_config(
                self._setting,
                pulumi.get_project(),
                environment=dict(os.environ),
                longest_lookup=LONGEST_LOOKUP,
                run_cache=MemoryCache(),
            )
        return self._made


class ImageDigestProvider(_Provider):
    """Checks, compares and keeps `ImageDigest`; all the work is in the check (see `_pulumi/check_image.py`)."""

    _type = IMAGE_DIGEST


class ImageDigestsProvider(_Provider):
    """Checks, compares and keeps `ImageDigests`; all the work is in the check (see `_pulumi/check_set.py`)."""

    _type = IMAGE_DIGESTS

    def _held(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        return check_set.with_new_images(super()._held(olds, news), news)
