# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resources, as the engine asks for them: check, compare, create, update, read, delete.

All the work is in the check, which the dynamic provider of Python programs has, too (see `_pulumi/resource_type.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from .._bridge import border
from .._pulumi.check_image import Warn, warn_nobody
from .._pulumi.properties import is_unknown, replaced_reasons
from .._pulumi.resource_type import IMAGE_DIGEST, IMAGE_DIGESTS, ResourceType, hides_arguments
from ..resolver import CgrError
from .arguments import reject_unknown
from .configuration import Configured
from .engine_log import EngineLog
from .failures import check_failure, guarded
from .names import camel
from .wire import OWN, Received, read, write

TYPES = {f"cgr:index:{each.name}": each for each in (IMAGE_DIGEST, IMAGE_DIGESTS)}
OF_DYNAMIC = "__provider"
"""The property in the state of the dynamic resource of Python programs, whose names are spelled like `updated_at`."""
_KINDS = provider_pb2.PropertyDiff


class Resources(provider_pb2_grpc.ResourceProviderServicer):
    """The part of the service that is about resources."""

    _log: EngineLog
    _can_refresh: bool
    """Whether the engine can read resources before an update, at the same time."""

    @property
    def _configured(self) -> Configured:
        raise AssertionError

    @guarded
    def Check(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Finds the digests; every expected failure is a sentence on the property it is about."""
        kind, olds, news = _type_of(request), read(request.olds), read(request.news)
        warnings: list[str] = []
        is_hidden = hides_arguments(news.secret)
        try:
            inputs = self._configured.lookups.result_of(lambda: self._check(kind, olds, news, warnings.extend))
        except CgrError as error:
            return provider_pb2.CheckResponse(failures=[check_failure(error, is_secret=is_hidden)])
        if not is_hidden:
            self._log.warn((*warnings, *_replaced(inputs)), request.urn)
        return provider_pb2.CheckResponse(inputs=write(inputs, kind.secrets(news.secret)))

    @guarded
    def Diff(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Compares what was found with what the state holds, by property; another repository is another resource."""
        kind, olds, news = _type_of(request), read(request.olds), read(request.news)
        replaces = kind.replaced_by(olds, news)
        found = {camel(key): _kind_of(key, olds, news, replaces) for key in kind.changed(olds, news)}
        found.update(_moved_from_dynamic(request.olds.fields))
        changes = provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE
        detailed = {key: _KINDS(kind=how, inputDiff=True) for key, how in found.items()}
        return provider_pb2.DiffResponse(
            changes=changes, replaces=replaces, diffs=list(found), detailedDiff=detailed, hasDetailedDiff=True
        )

    @guarded
    def Create(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Keeps what the check found."""
        kind, inputs = _type_of(request), read(request.properties)
        id_ = kind.id_of(inputs)
        return provider_pb2.CreateResponse(
            id="" if is_unknown(id_) else id_,
            properties=_kept(kind, inputs),
            refresh_before_update=self._is_read_ahead(kind, inputs),
        )

    @guarded
    def Update(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Keeps what the check found."""
        kind, inputs = _type_of(request), read(request.news)
        return provider_pb2.UpdateResponse(
            properties=_kept(kind, inputs), refresh_before_update=self._is_read_ahead(kind, inputs)
        )

    @guarded
    def Read(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Returns what is known: a refresh moves no pin.  Without a state, it imports the image that the id names.

        The engine reads all pins at the same time before an update, and checks them one at a time.  So this is the moment to
        look a followed tag up: its check finds the result in the cache.
        """
        kind, inputs = _type_of(request), read(request.inputs)
        if not request.properties.fields and not inputs:
            return self._imported(kind, request.id)
        is_ahead = self._is_read_ahead(kind, inputs)
        if is_ahead:
            asked = {key: inputs[key] for key in kind.query if key in inputs}
            self._configured.lookups.start_ahead(lambda: self._check(kind, inputs, asked))
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs, refresh_before_update=is_ahead
        )

    def Delete(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        """Does nothing: a pin is only in the state."""
        return Empty()

    def _check(
        self, kind: ResourceType, olds: Mapping[str, Any], news: Mapping[str, Any], warn: Warn = warn_nobody
    ) -> dict[str, Any]:
        reject_unknown(kind.name, news, (*kind.arguments, *kind.kept))
        with border():
            return kind.check(olds, news, self._configured.resolver, warn)

    def _is_read_ahead(self, kind: ResourceType, inputs: Mapping[str, Any]) -> bool:
        return self._can_refresh and kind.is_followed(inputs, self._configured.resolver)

    def _imported(self, kind: ResourceType, image: str) -> Any:
        if kind is not IMAGE_DIGEST:
            raise CgrError(f"{kind.name} cannot be imported, because a set has no id of its own: declare it instead.")
        # Any other input would become an argument of the program that `pulumi import` writes.
        asked = {"image": image}
        inputs = self._configured.lookups.result_of(lambda: self._check(kind, {}, asked))
        return provider_pb2.ReadResponse(
            id=kind.id_of(inputs),
            properties=_kept(kind, inputs),
            inputs=write(asked),
            refresh_before_update=self._is_read_ahead(kind, inputs),
        )


def _type_of(request: Any) -> ResourceType:
    token = request.type or request.urn.split("::")[2].rpartition("$")[2]
    if token not in TYPES:
        raise CgrError(f"The provider cgr has no resource {token}; it has {' and '.join(TYPES)}.")
    return TYPES[token]


def _kept(kind: ResourceType, inputs: Received | Mapping[str, Any]) -> Any:
    given: Collection[str] = getattr(inputs, "secret", ())
    return write(kind.kept_properties(inputs), kind.secrets(given))


def _kind_of(key: str, olds: Mapping[str, Any], news: Mapping[str, Any], replaces: Collection[str]) -> Any:
    old, new = olds.get(key), news.get(key)
    name = "ADD" if old is None else "DELETE" if new is None else "UPDATE"
    return getattr(_KINDS, f"{name}_REPLACE" if key in replaces else name)


def _moved_from_dynamic(olds: Collection[str]) -> dict[str, Any]:
    """Returns the differences of a pin whose state is the dynamic resource's, which an update writes anew."""
    if OF_DYNAMIC not in olds:
        return {}
    respelt = [camel(key) for key in olds if not key.startswith(OWN) and camel(key) != key]
    return {OF_DYNAMIC: _KINDS.DELETE, **dict.fromkeys(respelt, _KINDS.ADD)}


def _replaced(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    reasons = inputs.get("reasons")
    return replaced_reasons(reasons.values() if isinstance(reasons, Mapping) else [inputs.get("reason")])
