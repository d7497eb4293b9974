# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Properties as the engine sends them, in protobuf's `Struct`, with marks for what is secret or unknown.

https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go has the format.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pulumi
from google.protobuf.struct_pb2 import Struct, Value
from pulumi.output import Unknown

from .names import camel, renamed, snake

SIGNATURE = "4dabf18193072939515e22adb298388d"
CONCEALED = "1b47061264138c4ac30d75fd1eb44270"
"""The signature of a secret."""
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN = {
    # One for each type of value; SDKs nearly always send that of text.
    UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}
OWN = "__"
"""How the names of properties begin that are the engine's or an SDK's own."""


class Received(dict[str, Any]):
    """Properties as plain values, by their names in Python.

    Attributes:
        secret: the names of those that are, or contain, a secret.
    """

    secret: frozenset[str] = frozenset()


def read(struct: Struct) -> Received:
    """Reads properties, without those of the engine and of SDKs."""
    values: dict[str, Any] = {}
    secret: set[str] = set()
    for key, value in struct.fields.items():
        if not key.startswith(OWN):
            seen: list[str] = []
            values[key] = _plain(value, seen)
            secret.update(snake(key) for _each in seen)
    received = Received(renamed(values, snake))
    received.secret = frozenset(secret)
    return received


def write(values: Mapping[str, Any], secret: Collection[str] = ()) -> Struct:
    """Writes the properties that have a value.

    Args:
        values: plain values, by their names in Python.
        secret: the names of those to mark as secret.
    """
    struct = Struct()
    marked = {camel(name) for name in secret}
    for key, value in renamed({key: each for key, each in values.items() if each is not None}, camel).items():
        sent = _sendable(value)
        struct.update({key: {SIGNATURE: CONCEALED, "value": sent} if key in marked else sent})
    return struct


def _sendable(value: Any) -> Any:
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _sendable(each) for key, each in value.items()}
    return [_sendable(each) for each in value] if isinstance(value, (list, tuple)) else value


def _plain(value: Value, secrets: list[str]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain_struct(value.struct_value, secrets)
    if kind == "list_value":
        return [_plain(each, secrets) for each in value.list_value.values]
    if kind == "string_value":
        return pulumi.UNKNOWN if value.string_value in _UNKNOWN else value.string_value
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    return value.bool_value if kind == "bool_value" else None


def _plain_struct(struct: Struct, secrets: list[str]) -> Any:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    is_output = signature == OUTPUT
    if signature == CONCEALED or (is_output and "secret" in fields and fields["secret"].bool_value):
        secrets.append(signature)
    if signature == CONCEALED or is_output:
        return _plain(fields["value"], secrets) if "value" in fields else pulumi.UNKNOWN
    # Sorted, because the order in a message is arbitrary: the same images must be the same query for the cache.
    return {key: _plain(fields[key], secrets) for key in sorted(fields)}
