# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`signed` with differences between builds, on each interface: the command, playbooks, programs and the plugin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine import Stack

from ..ansible.conftest import Controller
from ..cli.command import Command
from ..plugin.client import serving, to_dict
from ..support.signature_cases import IDENTITY
from ..support.signed_images import IMAGE, SignedImages

ONE, TWO = {"curl": "8.21.0-r1"}, {"curl": "8.21.0-r2"}
STRANGER = "https://github.com/stranger/images/.github/workflows/release.yaml@refs/heads/main"
SINCE = "2026-01-31T12:30:00Z"
VERIFIED = f"verified, by {IDENTITY}"
NOT_SHOWN = "the packages are not verified, and not shown"


@pytest.fixture
def cgr(images: SignedImages) -> Command:
    return Command(images.home, images.registry.url, images.environment)


@pytest.fixture
def builds(images: SignedImages) -> tuple[str, str]:
    """Two builds whose packages the publisher signed."""
    return images.publish(ONE, form="dsse"), images.publish(TWO)


@pytest.fixture
def refused(images: SignedImages) -> tuple[str, str]:
    """Two builds; somebody else signed the packages of the new one."""
    return images.publish(ONE), images.publish(TWO, by=STRANGER)


def test_diff_says_who_signed(cgr: Command, builds: tuple[str, str]) -> None:
    old = f"{IMAGE}@{builds[0]}"

    assert f"packages: 1 updated  ({VERIFIED})" in cgr("diff", old, "--signed").out
    assert f"packages: 1 updated ({VERIFIED})" in cgr("diff", old, "--signed", "--markdown").out
    assert cgr("diff", old, "--signed", "--json").json["verified"] is True
    assert cgr("diff", old, "--json").json["verified"] is False
    assert "(as published, not verified)" in cgr("diff", old).out


def test_diff_refuses_what_the_publisher_did_not_sign(cgr: Command, refused: tuple[str, str]) -> None:
    done = cgr("diff", f"{IMAGE}@{refused[0]}", "--signed", "--json")

    assert (done.status, done.json["error"]["error_code"]) == (1, "signature_refused")
    assert STRANGER in done.err


def test_changes_are_verified_and_list_what_is_refused(
    cgr: Command, images: SignedImages, builds: tuple[str, str]
) -> None:
    cgr("lock", IMAGE)
    arguments = ("changes", "--since", SINCE, "--signed")
    assert VERIFIED in cgr(*arguments).out
    newest = images.publish({"curl": "8.21.0-r3"}, by=STRANGER)

    done = cgr(*arguments, "--json")

    (moved,) = done.json["images"]
    assert (done.status, moved["new"], moved["packages"], moved["verified"]) == (1, newest, None, False)
    assert STRANGER in done.json["failed"][IMAGE]


def test_a_search_ends_with_what_is_verified(cgr: Command, images: SignedImages, builds: tuple[str, str]) -> None:
    search = ("bisect", IMAGE, "--good", builds[0], "--bad", builds[1], "--signed")

    assert VERIFIED in cgr(*search).out


def test_a_search_is_not_lost_to_packages_that_are_refused(cgr: Command, refused: tuple[str, str]) -> None:
    done = cgr("bisect", IMAGE, "--good", refused[0], "--bad", refused[1], "--signed", "--json")

    assert (done.status, done.json["first_bad"]["digest"]) == (0, refused[1])
    assert (done.json["diff"]["packages"], done.json["diff"]["verified"]) == (None, False)
    assert NOT_SHOWN in done.err


def test_pins_that_are_signed_show_packages_that_are_verified(
    cgr: Command, images: SignedImages, builds: tuple[str, str]
) -> None:
    old, new = builds
    images.sign(new)
    (images.home / "web.yaml").write_text(f"image: {IMAGE}@{old}\n")

    (pinned,) = cgr("pin", "web.yaml", "--signed", "--packages", "--json").json["changes"]

    assert (pinned["new"], pinned["verified"]) == (new, True)


def test_pins_from_a_lock_that_asks_for_signatures_do_so_too(
    cgr: Command, images: SignedImages, builds: tuple[str, str]
) -> None:
    old, new = builds
    images.sign(new)
    cgr("lock", IMAGE, "--signed")
    (images.home / "web.yaml").write_text(f"image: {IMAGE}@{old}\n")

    (pinned,) = cgr("pin", "web.yaml", "--lock", "cgr.lock.json", "--packages", "--json").json["changes"]

    assert (pinned["new"], pinned["verified"]) == (new, True)


def test_a_lock_that_asks_for_signatures_verifies_packages_too(cgr: Command, images: SignedImages) -> None:
    images.sign(images.publish(ONE))
    assert cgr("lock", IMAGE, "--signed").status == 0
    images.sign(images.publish(TWO))
    assert f"({VERIFIED})" in cgr("lock", "--upgrade", "--packages").out
    newest = images.publish({"curl": "8.21.0-r3"}, by=STRANGER)
    images.sign(newest)

    done = cgr("lock", "--upgrade", "--packages")

    assert done.status == 0
    assert newest in (images.home / "cgr.lock.json").read_text()
    assert NOT_SHOWN in done.err
    assert "8.21.0-r3" not in done.out


def test_playbooks(images: SignedImages, builds: tuple[str, str]) -> None:
    old, new = builds
    images.sign(new)
    path = f"{images.home}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    controller = Controller(Path(sys.executable).parent, images.home, images.registry)
    tasks: list[dict[str, Any]] = [
        {"cgr.images.digest_info": {"image": IMAGE, "changes_from": old, "signed": True}},
        {"cgr.images.digest_info": {"image": IMAGE, "changes_from": old}},
        {"cgr.images.changes_info": {"images": [IMAGE], "since": SINCE, "signed": True}},
        {"cgr.images.changes_info": {"images": [IMAGE], "since": SINCE}},
    ]

    signed, plain, moves, plain_moves = controller.results(tasks, PATH=path, CGR_TRUSTED_ROOT=str(images.root))

    assert [signed["changes"]["verified"], plain["changes"]["verified"]] == [True, False]
    assert [moves["images"][0]["verified"], plain_moves["images"][0]["verified"]] == [True, False]


def test_playbooks_that_ask_for_what_is_refused_fail(images: SignedImages, refused: tuple[str, str]) -> None:
    images.sign(refused[1])
    path = f"{images.home}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    controller = Controller(Path(sys.executable).parent, images.home, images.registry)
    tasks: list[dict[str, Any]] = [
        {"cgr.images.digest_info": {"image": IMAGE, "changes_from": refused[0], "signed": True}},
        {"cgr.images.changes_info": {"images": [IMAGE], "since": SINCE, "signed": True}},
    ]

    digest, moves = controller.results(tasks, PATH=path, CGR_TRUSTED_ROOT=str(images.root))

    assert (digest["failed"], digest["error_code"]) == (True, "signature_refused")
    assert (moves["failed"], moves["images"][0]["new"]) == (True, refused[1])
    assert STRANGER in moves["failed_images"][IMAGE]


def test_programs_in_other_languages(images: SignedImages, builds: tuple[str, str]) -> None:
    arguments = {"image": f"{IMAGE}@{builds[0]}", "signed": True}
    with serving(images.environment) as plugin:
        plugin.configure()
        verified = to_dict(getattr(plugin.invoke("getImageChanges", **arguments), "return"))
        images.publish(TWO, by=STRANGER)
        plugin.configure()
        (refused,) = plugin.invoke("getImageChanges", **arguments).failures

    assert verified["verified"] is True
    assert f"its certificate names '{STRANGER}'" in refused.reason


@pytest.mark.parametrize("function", ["get_image_changes", "get_image_changes_output"])
def test_programs(images: SignedImages, builds: tuple[str, str], tmp_path: Path, function: str) -> None:
    call = f'cgr.{function}("{IMAGE}@{builds[0]}", signed=True)'
    program = tmp_path / "program.py"
    program.write_text(f'import pulumi, pulumi_cgr as cgr\npulumi.export("verified", {call}.verified)\n')
    path = f"{images.home}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    stack = Stack(program, environ={**images.environment, "PATH": path})

    assert stack.preview().outputs["verified"] is True
    images.publish(TWO, by=STRANGER)
    after = stack.preview()

    assert not after.ok
    assert any(STRANGER in line for line in after.diagnostics)
