# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""One run of Ansible: each query is resolved once, for all plugins and hosts, however the tag moves meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.testing import Registry

from ..support.moves import days_ago, moving
from .conftest import Controller
from .test_playbooks import info, say

IMAGE, OTHER = "cgr.dev/chainguard/moving:latest", "cgr.dev/chainguard/still:latest"
A, B, C = ("sha256:" + 64 * letter for letter in "abc")


@pytest.fixture
def registry() -> Iterator[Registry]:
    moves = [{"updateTimestamp": days_ago(days), "digest": digest} for days, digest in ((9, A), (6, B), (2, C))]
    with Registry({image.removeprefix("cgr.dev/"): moves for image in (IMAGE, OTHER)}) as registry:
        yield registry


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_many_hosts_get_one_digest_while_the_tag_moves(controller: Controller, registry: Registry, count: int) -> None:
    (controller.folder / "host.j2").write_text("image: {{ lookup('cgr.images.ref', '" + IMAGE + "') }}\n")
    tasks = [
        info(image=IMAGE) | {"register": "found"},
        say("{{ query('cgr.images.digest', item) }}") | {"loop": [IMAGE, "cgr.dev/chainguard/moving"]},
        {"ansible.builtin.template": {"src": "host.j2", "dest": "{{ playbook_dir }}/{{ inventory_hostname }}.yaml"}},
        {"ansible.builtin.assert": {"that": "lookup('file', inventory_hostname + '.yaml') == 'image: ' + found.ref"}},
    ]
    hosts = "".join(f"web{number}," for number in range(count))

    with moving(registry, [IMAGE], 0.1):
        run = controller.play(tasks, "--forks", "20", "--connection", "local", hosts=hosts)

    assert run.status == 0, run.output
    rendered = {file.read_text() for file in controller.folder.glob("web*.yaml")}
    assert len(list(controller.folder.glob("web*.yaml"))) == count
    assert len(rendered) == 1
    assert [request.path for request in registry.requests] == [
        "/token",
        "/v2/chainguard/moving/_chainguard/history/latest",
    ]
    assert not list((controller.folder / ".ansible/tmp").glob("*"))


SECOND_USE = """
import os, sys
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, lookup_loader
from ansible.template import Templar

init_plugin_loader()

def use(name):
    templar = Templar(loader=DataLoader(), variables={})
    lookup = lookup_loader.get(f"cgr.images.{name}", loader=templar._loader, templar=templar)
    print(*lookup.run([sys.argv[1]], variables={}), flush=True)

if not os.fork():
    use("ref")
    os._exit(0)
os.wait()
use("digest")
print(*sorted(name.rpartition(".")[2] for name in sys.modules if name.startswith("ansible_collections.cgr.images.plugins.")))
"""


def test_a_use_whose_query_was_resolved_before_imports_next_to_nothing(controller: Controller) -> None:
    run = controller.run("python", "-W", "ignore", "-c", SECOND_USE, IMAGE, ANSIBLE_DEPRECATION_WARNINGS="false")

    assert run.output.splitlines() == [f"{IMAGE}@{C}", C, "_lookup _variables digest lookup plugin_utils"]


def test_the_next_run_asks_again_even_after_a_crash(controller: Controller, registry: Registry) -> None:
    task = say("{{ lookup('cgr.images.digest', '" + IMAGE + "') }}")
    controller.results([task])
    waiting = [task, {"ansible.builtin.command": "sleep 600", "delegate_to": "localhost"}]
    (controller.folder / "crash.yaml").write_text(
        json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": waiting}])
    )
    env = {"PATH": f"{controller.commands}:/usr/bin:/bin", "HOME": str(controller.folder), "LC_ALL": "C.UTF-8"}
    env |= {"CGR_REGISTRY": registry.url, "ANSIBLE_COLLECTIONS_PATH": str(Path(__file__).parents[2])}
    command = [str(controller.commands / "ansible-playbook"), "crash.yaml"]
    crashed = subprocess.Popen(
        command, cwd=controller.folder, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert crashed.stdout
    while C not in (line := crashed.stdout.readline()):
        assert line, "it ended too early"
    os.killpg(crashed.pid, signal.SIGKILL)
    crashed.communicate()
    registry.move("chainguard/moving:latest", A)

    (result,) = controller.results([task])

    assert result["msg"] == A


def test_a_set_is_returned_in_the_shape_in_which_it_was_given(controller: Controller) -> None:
    listed, named, failed = controller.results(
        [
            info(images=[IMAGE, {"image": OTHER, "builds_back": 1}]),
            info(images={"moving": IMAGE, "still": {"image": OTHER, "at": days_ago(5)}}, exclude=[C]),
            info(images={"moving": IMAGE, "typo": "cgr.dev/chainguard/movin:latest", "hub": OTHER}),
        ]
    )

    assert listed["digests"] == [C, B]
    assert listed["refs"] == [f"{IMAGE}@{C}", f"{OTHER}@{B}"]
    assert [each["image"] for each in listed["images"]] == [IMAGE, OTHER]
    assert abs(datetime.fromisoformat(listed["at"].replace("Z", "+00:00")) - datetime.now(timezone.utc)) < timedelta(
        minutes=5
    )
    assert named["digests"] == {"moving": B, "still": B}
    assert named["images"]["still"]["next"]["digest"] == C
    assert failed["failed"]
    assert failed["msg"].startswith("1 of 3 images cannot be resolved, so none is:\n- typo: cgr.dev/chainguard/movin")
    assert failed["error_code"] == failed["failed_images"]["typo"]["error_code"] == "unknown_repository"


def test_every_rule_has_the_same_words_everywhere(controller: Controller) -> None:
    rules: list[tuple[dict[str, Any], str]] = [
        ({"min_age": "4d"}, B),
        ({"min_age": "P8D"}, A),
        ({"min_age": "8d", "current": C}, C),
        ({"builds_back": 2}, A),
        ({"exclude": [C, B]}, A),
        ({"at": days_ago(5), "builds_back": 1}, A),
    ]
    tasks = [info(image=IMAGE, **rule) for rule, _digest in rules]
    tasks += [
        say(
            "{{ lookup('cgr.images.digest', '"
            + IMAGE
            + "', "
            + f"{', '.join(f'{k}={v!r}' for k, v in rule.items())}) }}}}"
        )
        for rule, _digest in rules
    ]

    results = controller.results(tasks)

    expected = [digest for _rule, digest in rules]
    assert [result.get("digest") or result["msg"] for result in results] == expected * 2


def test_a_set_and_a_lookup_of_one_of_its_images_agree(controller: Controller, registry: Registry) -> None:
    tasks = [
        info(images={"moving": IMAGE, "still": OTHER}),
        say("{{ lookup('cgr.images.digest', '" + IMAGE + "') }}"),
        say("{{ 'image: " + IMAGE + "' | cgr.images.pin(result_0) }}"),
    ]

    with moving(registry, [IMAGE], 0.1):
        found, looked_up, pinned = controller.results(tasks)

    assert found["digests"]["moving"] == looked_up["msg"]
    assert pinned["msg"] == f"image: {IMAGE}@{looked_up['msg']}"


def test_a_tag_that_stands_still_is_worth_a_warning(controller: Controller) -> None:
    run = controller.play([info(image=OTHER, stale_after="36h")])

    assert run.status == 0, run.output
    assert "the tag has not moved since" in " ".join(run.output.split())


def test_progress_is_shown_to_those_who_want_to_see_it(controller: Controller) -> None:
    run = controller.play([info(images=[IMAGE, OTHER])], "-vvv")

    assert "looked up (1 of 2)" in run.output
    assert "looked up (2 of 2)" in run.output


def test_a_cache_serves_the_next_run(controller: Controller, registry: Registry) -> None:
    task = info(image=IMAGE, at=days_ago(5), cache="cache")
    (first,) = controller.results([task])
    asked = len(registry.requests)

    (second,) = controller.results([task])

    assert first["digest"] == second["digest"] == B
    assert len(registry.requests) == asked


def test_the_same_words_mean_what_the_variables_of_each_host_make_of_them(
    controller: Controller, registry: Registry
) -> None:
    registry.move("chainguard/web1/app:latest", A)
    registry.move("chainguard/web2/app:latest", B)
    ref = "{{ lookup('cgr.images.ref', 'registry.corp/app:latest') }}"
    write = {"ansible.builtin.copy": {"content": ref, "dest": "{{ playbook_dir }}/{{ inventory_hostname }}.ref"}}
    own = {"vars": {"cgr_mirrors": {"registry.corp": "cgr.dev/chainguard/{{ inventory_hostname }}"}}}

    run = controller.play([write | own, say(ref) | own], "--connection", "local", hosts="web1,web2,")

    assert run.status == 0, run.output
    written = [(controller.folder / f"{host}.ref").read_text() for host in ("web1", "web2")]
    assert written == [f"registry.corp/app:latest@{digest}" for digest in (A, B)]
    assert all(run.output.count(each) == 1 for each in written)
    # Of two hosts that ask for the first image of a run at once, one may read its history again, as of the other's present.
    assert len({request.path for request in registry.requests if request.path != "/token"}) == 2
    assert len(registry.requests) <= 6
