# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where an image is expected: the keys that hold one in Kubernetes, Compose, Helm values, Kustomize, ko and CI systems."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple

from .kinds import AZURE, BITBUCKET, CIRCLECI, COMPOSE, GITHUB, GITLAB, KUBERNETES, STEPS, Kind
from .node import Node

_IMAGE_KEY = re.compile(r"(?:.*[a-z0-9_-])?(?:Image|image)(?:Name)?|[A-Z0-9_]*IMAGE|container")
# Keys beside which an image without a tag is not that of `latest`.
_VERSION_KEY = re.compile(r"(?:.*[a-z_-])?(?:[Tt]ag|[Vv]ersion|[Dd]igest|sha)")
_LISTS = ("services[]", "images[]")
_CONTEXTS = ("additional_contexts", "additional_contexts[]", "contexts", "build-contexts", "build-contexts[]")
_JSON_PATCH = re.compile(r".*/(?:\w+Image|image)")
_HALVES = re.compile(r".*(?:repository|registry|tag|digest|repo)", re.IGNORECASE)


class Position(NamedTuple):
    """Where a scalar stands.

    Attributes:
        kind: what its document is.
        path: the keys that lead to it, from the root on; that of an item of a list is the list's with `[]` behind it.
        beside: the entries of the same mapping.
    """

    kind: Kind
    path: tuple[str, ...]
    beside: Mapping[str, Node]

    @property
    def key(self) -> str:
        """The key of the scalar."""
        return self.path[-1] if self.path else ""

    @property
    def under(self) -> str:
        """The key of what is around it."""
        return self.path[-2] if len(self.path) > 1 else ""

    def text_beside(self, key: str) -> str:
        """Returns the text of another entry of the same mapping; the empty text if it has no such entry."""
        node = self.beside.get(key)
        return str(node.value) if node is not None and node.id == "scalar" else ""


def is_image(at: Position) -> bool:
    """Whether an image is expected in a place."""
    key, under = at.key, at.under
    if key == "name":
        return _is_image_name(at)
    if key in ("value", "default"):
        return _is_named_value(at)
    return (
        is_image_key(key.replace("[]", ""))
        or key in _LISTS
        or under == "baseImageOverrides"
        or (key == "reference" and under == "image")
        or (under == "services" and at.kind.name in (GITHUB, AZURE))
        or (key == "package" and at.kind.group == "pkg.crossplane.io")
        or (key == "bundle" and at.kind.group == "tekton.dev")
    )


def is_half_of_image(at: Position) -> bool:
    """Whether a value is the repository of an image, by the name beside it; something else adds the tag."""
    name = at.text_beside("name")
    return at.key == "value" and "image" in name.lower() and _HALVES.fullmatch(name) is not None


def is_image_key(key: str) -> bool:
    """Whether a key, or the name of a variable, says that it holds an image."""
    return _IMAGE_KEY.fullmatch(key) is not None


def latest_is_default(at: Position, has_scheme: bool) -> bool:
    """Whether the format says that an image without a tag is that of `latest`, in a place where one is expected.

    Args:
        at: the place.
        has_scheme: whether `docker://` or `docker-image://` is in front of it, as in GitHub Actions and BuildKit.
    """
    if has_scheme:
        return at.key in ("uses", "image", *_CONTEXTS) or at.under in _CONTEXTS
    if any(_VERSION_KEY.fullmatch(name) for name in at.beside):
        return False
    if at.under.endswith("ontainers[]") or at.under == "containerDefinitions[]":
        return at.key == "image"
    if at.kind.name == KUBERNETES:
        return _latest_in_kubernetes(at)
    if at.kind.name == COMPOSE:
        service = len(at.path) == 3 and at.path[0] == "services"
        return at.key == "image" and (service or (at.path[0].startswith("x-") and len(at.path) < 4))
    return _latest_in_ci(at) or _names_an_image_alone(at)


def _names_an_image_alone(at: Position) -> bool:
    # ko reads both of them like a FROM
    return at.path == ("defaultBaseImage",) or (at.under == "baseImageOverrides" and len(at.path) == 2)


def _latest_in_kubernetes(at: Position) -> bool:
    if at.key == "reference":
        return at.under == "image" and "volumes[]" in at.path
    in_step = at.under in ("steps[]", "sidecars[]", "stepTemplate") and at.kind.group == "tekton.dev"
    in_template = at.under in ("container", "script", "sidecars[]") and at.kind.group == "argoproj.io"
    return at.key == "image" and (in_step or in_template)


def _latest_in_ci(at: Position) -> bool:
    name, path = at.kind.name, at.path
    if "variables" in path or "env" in path or "environment" in path:
        return False
    image = path[:-1] if path[-1] == "name" and at.under in ("image", "services[]") else path
    last, above = image[-1], image[-2] if len(image) > 1 else ""
    if name == GITLAB:
        return len(image) <= 2 and last in ("image", "services[]")
    if name == GITHUB:
        return path[0] == "jobs" and len(path) > 2 and path[2] in ("container", "services")
    if name == AZURE:
        return (
            above == "services" or (last == "container" and above == "jobs[]") or image[-2:] == ("container", "image")
        )
    if name == BITBUCKET:
        return last == "image" and (len(image) == 1 or above == "step" or "services" in path)
    if name == CIRCLECI:
        return last == "image" and above == "docker[]"
    in_step = above in ("steps[]", "services[]") or (len(image) == 3 and image[0] in ("steps", "services", "pipeline"))
    return name == STEPS and ((last == "image" and in_step) or _is_build_step(at))


def _is_image_name(at: Position) -> bool:
    is_openshift = at.text_beside("kind") == "DockerImage"
    return at.under in ("image", "services[]") or is_openshift or _is_build_step(at)


def _is_build_step(at: Position) -> bool:
    """Whether it is the builder of a step of Google Cloud Build."""
    others = {"image", "uses", "run", "task", "script", "ref", "commands", "command"}
    return at.kind.name == STEPS and at.path == ("steps[]", "name") and not others & set(at.beside)


def _is_named_value(at: Position) -> bool:
    """Whether a value has a name beside it that says it is an image; or is what a JSON patch (RFC 6902) puts there."""
    name = at.text_beside("name")
    if name:
        is_bundle = name == "bundle" and at.kind.group == "tekton.dev"
        return is_bundle or ("image" in name.lower() and not _HALVES.fullmatch(name))
    is_put = at.text_beside("op") in ("add", "replace")
    return at.key == "value" and is_put and _JSON_PATCH.fullmatch(at.text_beside("path")) is not None
