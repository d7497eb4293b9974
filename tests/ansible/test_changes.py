# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`changes_from` of digest_info, and changes_info, in the real ansible-playbook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_cgr.testing import Registry
from tests.support.attestations import REAL, publish
from tests.support.environments import environment

from .conftest import Controller

TAG = "chainguard/php:latest-fpm"
PHP, WEB, QUIET = f"cgr.dev/{TAG}", "cgr.dev/chainguard/web:1", "cgr.dev/chainguard/quiet:1"


@pytest.fixture
def registry() -> Iterator[Registry]:
    old, new = (build["config"] for build in REAL["php-fpm"])
    with Registry({}) as registry:
        publish(registry, TAG, old, "2026-08-16T00:00:00Z")
        publish(registry, TAG, new, "2026-08-24T23:00:00Z")
        publish(registry, "chainguard/web:1", None, "2026-08-16T00:00:00Z")
        publish(registry, "chainguard/web:1", None, "2026-08-24T13:00:00Z")
        publish(registry, "chainguard/quiet:1", None, "2026-08-16T00:00:00Z")
        yield registry


def digest(registry: Registry, number: int) -> str:
    return registry.histories.moves(TAG)[number].digest


def info(**arguments: Any) -> dict[str, Any]:
    return {"cgr.images.digest_info": arguments}


def changes(**arguments: Any) -> dict[str, Any]:
    return {"cgr.images.changes_info": {"since": "2026-08-24", "until": "2026-08-25", **arguments}}


def test_digest_info_says_what_changed_from_a_build(controller: Controller, registry: Registry) -> None:
    old, new = digest(registry, 0), digest(registry, 1)

    by_digest, by_ref, without, missing, wrong = controller.results(
        [
            info(image=PHP, changes_from=old),
            info(image=PHP, changes_from=f"{PHP}@{old}"),
            info(image=PHP),
            info(image=WEB, changes_from=registry.histories.moves("chainguard/web:1")[0].digest),
            info(image=PHP, changes_from="yesterday"),
        ]
    )

    assert by_digest["changes"] == by_ref["changes"]
    assert (by_digest["changes"]["old"], by_digest["changes"]["new"]) == (old, new)
    assert by_digest["changes"]["packages"]["removed"]["glibc"] == "2.43-r13"
    assert by_digest["changes"]["verified"] is False
    assert by_digest["changed"] is False
    assert "changes" not in without
    assert missing["changes"]["packages"] is None
    assert not missing.get("failed"), "a missing attestation is a warning"
    assert wrong["failed"]
    assert wrong["error_code"] == "invalid_image"


def test_a_host_to_which_the_task_is_delegated_compares_too(controller: Controller, registry: Registry) -> None:
    """With the oldest Python that a host may have, and nothing but requests."""
    interpreter = environment("host-with-3.9", "3.9", "requests") / "bin/python"
    here = json.dumps({"ansible_connection": "local", "ansible_python_interpreter": str(interpreter)})
    surroundings = {"delegate_to": "builder", "environment": {"CGR_REGISTRY": registry.url}}
    task = {**info(image=PHP, changes_from=digest(registry, 0)), **surroundings}

    (result,) = controller.results([task], "-e", here, "-i", "builder,", CGR_REGISTRY="http://127.0.0.1:9")

    assert result["changes"]["packages"]["removed"]["glibc"] == "2.43-r13"


def test_changes_info_lists_what_moved(controller: Controller, registry: Registry) -> None:
    (controller.folder / "compose.yaml").write_text(f"services:\n  a:\n    image: {PHP}@{digest(registry, 0)}\n")
    lock = {"version": 1, "images": []}
    (controller.folder / "empty.lock.json").write_text(json.dumps(lock))

    listed, in_files, quick, unknown, nothing, no_images = controller.results(
        [
            changes(images=[QUIET, PHP, WEB]),
            changes(paths=["compose.yaml"]),
            changes(images=[PHP], packages=False),
            changes(images=["cgr.dev/chainguard/no:1", PHP]),
            changes(),
            changes(lock="empty.lock.json"),
        ]
    )

    assert [image["image"] for image in listed["images"]] == [PHP, WEB, QUIET]
    assert [image["builds"] for image in listed["images"]] == [1, 1, 0]
    assert listed["images"][0]["packages"]["added"]["glibc-2.43"] == "2.43-r15"
    assert listed["since"] == "2026-08-24T00:00:00Z"
    assert in_files["images"][0]["pinned"] == [digest(registry, 0)]
    assert quick["images"][0]["packages"] is None
    assert unknown["failed"]
    assert list(unknown["failed_images"]) == ["cgr.dev/chainguard/no:1"]
    assert [image["image"] for image in unknown["images"]] == [PHP]
    assert nothing["failed"]
    assert "give images, paths or lock" in nothing["msg"]
    assert no_images["images"] == []


def test_changes_info_reads_the_images_of_a_lock(controller: Controller, registry: Registry) -> None:
    pin = {"image": PHP, "rule": {}, "ref": f"{PHP}@{digest(registry, 0)}", "digest": digest(registry, 0)}
    entry = {**pin, "updated_at": "2026-08-16T00:00:00Z", "resolved": "2026-08-17T00:00:00Z", "used": []}
    (controller.folder / "cgr.lock.json").write_text(json.dumps({"version": 1, "images": [entry]}))

    (found,) = controller.results([changes(lock="cgr.lock.json")])

    assert found["images"][0]["pinned"] == [digest(registry, 0)]
    assert found["images"][0]["new"] == digest(registry, 1)
