# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Mocks for the unit tests of Pulumi programs: pins are resolved from histories that the test provides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.runtime import MockCallArgs, MockResourceArgs
from pulumi.runtime import Mocks as PulumiMocks

from .._pulumi import check_image, check_set
from .._pulumi.pin import Pin
from ..resolver import Resolver
from .histories import Histories
from .registry import Registry

IMAGE_DIGEST = "pulumi-python:dynamic/cgr:ImageDigest"
IMAGE_DIGESTS = "pulumi-python:dynamic/cgr:ImageDigests"


class Mocks(PulumiMocks):
    """Mocks that resolve `ImageDigest`, `ImageDigests` and the functions from histories, without a network.

        pulumi.runtime.set_mocks(Mocks({"chainguard/python:latest": [{"updateTimestamp": …, "digest": …}]}))

    Other resources get the id `NAME_id` and their own inputs, and other functions return an empty result.  To mock them, too,
    override `new_resource` and `call`, and call `super()` for the rest.

    Args:
        histories: the histories of the tags (see `Histories`).

    Attributes:
        registry: the registry that serves the histories (see `Registry`); it runs until the process ends.
        resolver: a resolver that uses this registry.
    """

    def __init__(self, histories: Histories | Mapping[str, Any]) -> None:
        self.registry = Registry(histories, tokens=["mocks"]).start()
        self.resolver = Resolver(token="mocks", registry=self.registry.url, environment={})

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Returns the state of a pin from the histories, and of any other resource from its inputs."""
        if args.typ == IMAGE_DIGEST:
            inputs = check_image.check_image({}, args.inputs, self.resolver)
            return Pin(inputs).source[0], check_image.kept_properties(inputs)
        if args.typ == IMAGE_DIGESTS:
            return "images", check_set.kept_properties(check_set.check_set({}, args.inputs, self.resolver))
        return f"{args.name}_id", dict(args.inputs)

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Returns an empty result."""
        return {}, []
