# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Programs as data, so that the same story is told with the dynamic resource and with the plugin, in Python and in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_cgr.plugin.names import camel, renamed

OUTPUTS = {"ImageDigest": "ref", "ImageDigests": "refs"}

GENERIC = """
import os, pulumi, signal

signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # the engine interrupts a program, and most languages print nothing then

class Pin(pulumi.CustomResource):
    def __init__(self, kind, name, props, output, opts):
        super().__init__(f"cgr:index:{kind}", name, {output: None, **props}, opts)
"""


@dataclass(frozen=True)
class Pin:
    """A resource of a program, whose `ref` or `refs` are exported under its name.

    Attributes:
        name: its name.
        arguments: its arguments, by their names in Python.
        kind: `ImageDigest` or `ImageDigests`.
        ignored: the properties that `ignore_changes` names.
    """

    name: str
    arguments: Mapping[str, Any]
    kind: str = "ImageDigest"
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """A program.

    Attributes:
        pins: its resources.
        was_dynamic: whether they were resources of the dynamic provider before.
    """

    pins: tuple[Pin, ...]
    was_dynamic: bool = field(default=False)

    def with_dynamic_resource(self) -> str:
        """Returns it in Python, with the resources of `pulumi_cgr`."""
        lines = ["import pulumi, pulumi_cgr as cgr"]
        for pin in self.pins:
            arguments = ", ".join(f"{name}={value!r}" for name, value in pin.arguments.items())
            opts = f"pulumi.ResourceOptions(ignore_changes={list(pin.ignored)!r})"
            made = f"cgr.{pin.kind}({pin.name!r}, {arguments}, opts={opts})"
            lines.append(f"pulumi.export({pin.name!r}, {made}.{OUTPUTS[pin.kind]})")
        return "\n".join(lines) + "\n"

    def with_plugin(self) -> str:
        """Returns it in Python, with the resources of the plugin."""
        lines = [GENERIC]
        for pin in self.pins:
            aliases = f"[pulumi.Alias(type_={_dynamic(pin)!r})]" if self.was_dynamic else "[]"
            opts = f"pulumi.ResourceOptions(ignore_changes={list(pin.ignored)!r}, aliases={aliases})"
            props = renamed(pin.arguments, camel)
            lines.append(f"made = Pin({pin.kind!r}, {pin.name!r}, {props!r}, {OUTPUTS[pin.kind]!r}, {opts})")
            lines.append(f"pulumi.export({pin.name!r}, made.{OUTPUTS[pin.kind]})")
        return "\n".join(lines) + "\n"

    def in_yaml(self) -> dict[str, Any]:
        """Returns the parts of a `Pulumi.yaml`, with the resources of the plugin."""
        resources = {}
        for pin in self.pins:
            options: dict[str, Any] = {"ignoreChanges": list(pin.ignored)} if pin.ignored else {}
            if self.was_dynamic:
                options["aliases"] = [f"urn:pulumi:stack::project::{_dynamic(pin)}::{pin.name}"]
            properties = renamed(pin.arguments, camel)
            resources[pin.name] = {"type": f"cgr:{pin.kind}", "properties": properties, "options": options}
        outputs = {pin.name: f"${{{pin.name}.{OUTPUTS[pin.kind]}}}" for pin in self.pins}
        return {"runtime": "yaml", "resources": resources, "outputs": outputs}


def program(*pins: Pin, **arguments: Any) -> Program:
    """Returns a program of several pins, or of one `ImageDigest` named `pin` with these arguments."""
    return Program(pins or (Pin("pin", arguments),))


def _dynamic(pin: Pin) -> str:
    return f"pulumi-python:dynamic/cgr:{pin.kind}"
