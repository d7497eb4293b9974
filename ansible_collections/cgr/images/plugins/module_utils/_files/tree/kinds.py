# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The kind of a document: a Kubernetes object, a Compose file, a CI pipeline, or something else such as Helm values."""

from __future__ import annotations

from typing import NamedTuple

from .node import Node, entries

KUBERNETES, COMPOSE, GITLAB, GITHUB, AZURE, CIRCLECI, BITBUCKET, STEPS, OTHER = (
    "kubernetes",
    "compose",
    "gitlab",
    "github",
    "azure",
    "circleci",
    "bitbucket",
    "steps",
    "other",
)
_COMPOSE_KEYS = {"version", "name", "services", "networks", "volumes", "configs", "secrets", "include", "models"}
_GITHUB_JOB = {"runs-on", "steps", "uses"}
_LOCKED = {"image", "rule", "ref", "digest"}
_SIGNATURES = ("cosign.sigstore.dev/signature", "cosign.sigstore.dev/message")

SOPS = "the file is encrypted by SOPS; its MAC covers this, so that a change would break it; use sops edit"
SIGNED = "the object is signed, and the signature in its annotations covers this"


class Kind(NamedTuple):
    """The kind of a document.

    Attributes:
        name: one of the words above.
        group: the API group of a Kubernetes object.
        signed: why nothing in it may change; empty if it may.
    """

    name: str
    group: str = ""
    signed: str = ""


def kind_of(root: Node) -> Kind:
    """Returns what a document is, by the keys at its top."""
    top = dict(entries(root)) if root.id == "mapping" else {}
    group = _text(top.get("apiVersion")).partition("/")[0]
    name = KUBERNETES if {"apiVersion", "kind"} <= set(top) else _pipeline(top)
    return Kind(name, group, _signed(top))


def is_lock(root: Node) -> bool:
    """Whether a document is a lock file of this project, whose digests only `cgr-images lock` changes."""
    top = dict(entries(root)) if root.id == "mapping" else {}
    if set(top) != {"version", "images"} or top["images"].id != "sequence":
        return False
    pins = top["images"].value
    return all(pin.id == "mapping" and set(dict(entries(pin))) >= _LOCKED for pin in pins)


def _pipeline(top: dict[str, Node]) -> str:
    """Returns what a document without a Kubernetes object is; only what it can be nothing else than, for values look alike."""
    if _any_has(top.get("jobs"), {"docker", "executor", "machine"}):
        return CIRCLECI
    if "runs" in top or _any_has(top.get("jobs"), _GITHUB_JOB):
        return GITHUB
    if _is_list_of_mappings(top.get("jobs")) or _is_list_of_mappings(top.get("stages")):
        return AZURE
    if "pipelines" in top:
        return BITBUCKET
    if "steps" in top or "pipeline" in top:
        return STEPS
    if "services" in top and all(key in _COMPOSE_KEYS or key.startswith("x-") for key in top):
        return COMPOSE
    return GITLAB if "stages" in top or any(map(_is_gitlab_job, top.values())) else OTHER


def _any_has(node: Node | None, keys: set[str]) -> bool:
    """Whether any value of a mapping is a mapping with one of some keys."""
    values = [value for _key, value in entries(node)] if node is not None and node.id == "mapping" else []
    return any(value.id == "mapping" and keys & set(dict(entries(value))) for value in values)


def _is_gitlab_job(node: Node) -> bool:
    keys = {key: value.id for key, value in entries(node)} if node.id == "mapping" else {}
    return keys.get("script") == "sequence" or bool({"extends", "trigger", "stage"} & set(keys))


def _is_list_of_mappings(node: Node | None) -> bool:
    return node is not None and node.id == "sequence" and any(item.id == "mapping" for item in node.value)


def _signed(top: dict[str, Node]) -> str:
    sops = top.get("sops")
    if sops is not None and sops.id == "mapping" and "mac" in dict(entries(sops)):
        return SOPS
    metadata = dict(entries(top["metadata"])) if "metadata" in top and top["metadata"].id == "mapping" else {}
    annotations = metadata.get("annotations")
    keys = set(dict(entries(annotations))) if annotations is not None and annotations.id == "mapping" else set()
    return SIGNED if keys & set(_SIGNATURES) else ""


def _text(node: Node | None) -> str:
    return str(node.value) if node is not None and node.id == "scalar" else ""
