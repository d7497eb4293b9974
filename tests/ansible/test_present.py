# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""One run of Ansible has one present, and shares what fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from pulumi_cgr.testing import Registry, Reply, Request

from ..support.moves import days_ago
from .conftest import Controller
from .test_playbooks import info, say

IMAGE, OTHER = "cgr.dev/chainguard/moving:latest", "cgr.dev/chainguard/other:latest"
A, B, C, D = ("sha256:" + 64 * letter for letter in "abcd")


@pytest.fixture
def registry() -> Iterator[Registry]:
    moves = [{"updateTimestamp": days_ago(days), "digest": digest} for days, digest in ((9, A), (6, B), (2, C))]
    with Registry({image.removeprefix("cgr.dev/"): moves for image in (IMAGE, OTHER)}) as registry:
        yield registry


def move_after_the_first_query(registry: Registry) -> None:
    """Lets both tags move before the second history is read."""
    histories = []

    def move(request: Request) -> None:
        histories.extend([request.path] if "/history/" in request.path else [])
        if len(histories) == 2:
            for image in (IMAGE, OTHER):
                registry.move(image.removeprefix("cgr.dev/"), D)
            histories.append("moved")

    registry.interfere = move


def lookup(name: str, *images: str, **options: Any) -> dict[str, Any]:
    arguments = [f"'{image}'" for image in images] + [f"{name}={value!r}" for name, value in options.items()]
    return say("{{ query('cgr.images." + name + "', " + ", ".join(arguments) + ") }}")


def test_an_image_a_set_a_lookup_and_files_agree_although_the_tag_moves(
    controller: Controller, registry: Registry
) -> None:
    (controller.folder / "compose.yaml").write_text(f"services: {{web: {{image: {IMAGE}}}, db: {{image: {OTHER}}}}}\n")
    move_after_the_first_query(registry)

    one, some, looked_up, before, files, other = controller.results(
        [
            info(image=IMAGE),
            info(images={"moving": IMAGE, "other": OTHER}),
            lookup("digest", IMAGE, OTHER, min_age="1s"),
            lookup("digest", IMAGE, builds_back=1),
            {"cgr.images.pinned_files": {"paths": ["compose.yaml"]}},
            info(image=OTHER),
        ]
    )

    assert one["digest"] == other["digest"] == C
    assert some["digests"] == {"moving": C, "other": C}
    assert looked_up["msg"] == [C, C]
    assert before["msg"] == [B]
    assert {row["new_digest"] for row in files["images"]} == {C}
    assert one["at"] == some["at"] == files["at"] == other["at"]
    assert {each["at"] for each in some["images"].values()} == {one["at"]}


def test_the_variable_sets_the_present_of_a_run(controller: Controller) -> None:
    at = days_ago(4)
    one, some, looked_up, aged, fixed, own = controller.results(
        [
            info(image=IMAGE),
            info(images=[IMAGE, OTHER]),
            lookup("digest", IMAGE),
            info(image=IMAGE, min_age="3d"),
            info(image=IMAGE, at=days_ago(1)),
            info(image=IMAGE) | {"vars": {"cgr_at": None}},
        ],
        "-e",
        json.dumps({"cgr_at": at}),
    )
    assert [one["digest"], *some["digests"], *looked_up["msg"], aged["digest"]] == [B, B, B, B, A]
    assert fixed["digest"] == C
    assert own["digest"] == B, "an extra variable wins over that of a task"
    assert one["at"] == some["at"]
    assert one["reason"].endswith("was taken for the present")


def test_a_later_build_is_none_or_is_said_not_to_be_known(controller: Controller) -> None:
    latest, followed, unread = controller.results(
        [info(image=IMAGE), info(image=IMAGE, at=days_ago(5)), info(image=IMAGE, at=days_ago(8.9), lock="")]
    )
    assert [latest["next"], latest["is_next_known"]] == [None, True]
    assert [followed["next"]["digest"], followed["is_next_known"]] == [C, True]
    assert [unread["next"]["digest"], unread["is_next_known"]] == [B, True]


def test_a_set_that_fails_for_two_reasons_fails_so_on_every_host(controller: Controller, registry: Registry) -> None:
    images = {"typo": "cgr.dev/chainguard/movin:latest", "tag": "cgr.dev/chainguard/moving:none"}
    assertions = [
        "result.error_code == 'several_failed'",
        "result.failed_images.typo.error_code == 'unknown_repository'",
        "result.failed_images.tag.error_code == 'unknown_tag'",
        "'has no tag' in result.failed_images.tag.msg",
    ]
    tasks = [
        info(images=images) | {"register": "result", "ignore_errors": True},
        {"ansible.builtin.assert": {"that": assertions}},
    ]

    run = controller.play(tasks, "--forks", "1", hosts="web1,web2,web3,")

    assert run.status == 0, run.output


def test_a_registry_that_is_down_is_asked_once_for_all_hosts(controller: Controller, registry: Registry) -> None:
    registry.interfere = lambda request: Reply(500) if "/history/" in request.path else None
    registry.delay = 2.0
    tasks = [
        info(image=IMAGE) | {"register": "found", "ignore_errors": True},
        {"ansible.builtin.assert": {"that": "found.error_code == 'unavailable'"}},
    ]

    run = controller.play(tasks, "--forks", "5", hosts="".join(f"web{number}," for number in range(20)))

    assert run.status == 0, run.output
    assert [request.path for request in registry.requests].count("/token") == 1


@pytest.fixture
def secret(controller: Controller) -> str:
    """The name of the file with the password of the vault."""
    (controller.folder / "password").write_text("a password")
    return "password"


def test_vaulted_values_work_as_terms_options_and_variables(controller: Controller, secret: str) -> None:
    def vaulted(text: str) -> str:
        run = controller.run("ansible-vault", "encrypt_string", "--vault-password-file", secret, text)
        return "\n".join(line.strip() for line in run.output[run.output.index("$ANSIBLE_VAULT") :].splitlines())

    class Vaulted(str):
        __slots__ = ()

    yaml.SafeDumper.add_representer(
        Vaulted, lambda dumper, value: dumper.represent_scalar("!vault", str(value), style="|")
    )
    image, at = Vaulted(vaulted(IMAGE)), Vaulted(vaulted(days_ago(5)))
    tasks = [
        info(image=image, at=at),
        info(images={"web": {"image": image, "at": at}}),
        say("{{ lookup('cgr.images.digest', vaulted_image, [vaulted_image], at=vaulted_at) }}"),
        info(image=IMAGE, token=image),
    ]

    results = controller.results(
        [task | {"vars": {"vaulted_image": image, "vaulted_at": at}} for task in tasks],
        "--vault-password-file",
        secret,
    )

    assert results[0]["digest"] == results[1]["digests"]["web"] == B
    assert results[2]["msg"] == f"{B},{B}"
    assert results[3]["digest"] == C
