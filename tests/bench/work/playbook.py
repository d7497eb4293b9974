# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a playbook in which every host uses an image three times, compared with one without lookups and with one by hand.

It measures processor time of all processes, which other programs on the machine affect less.
"""

from __future__ import annotations

import re
import resource
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from ..measure import Cost, Done, Part, Plot, Row, exactly_requests, faster, measured, no_longer
from ..served import Served, made_up, served

NAME = "chainguard/image:latest"
IMAGE = f"cgr.dev/{NAME}"
ONCE, OURS, LOOKUPS = "digest_info run once, and two uses of its result", "digest_info and two lookups", "three lookups"
DEBUG, URI = "the same playbook with `debug` instead", "`ansible.builtin.uri` by hand"
ENV = "three of Ansible's own lookup `env`"
HOSTS = (1, 10, 30, 100)
RECORDS = 200


def _debug(message: str) -> dict[str, Any]:
    return {"ansible.builtin.debug": {"msg": message}}


def _lookup(name: str) -> dict[str, Any]:
    return _debug("{{ lookup('cgr.images." + name + "', '" + IMAGE + "') }}")


def _by_hand(url: str) -> list[dict[str, Any]]:
    name, _colon, tag = NAME.partition(":")
    token = {"url": f"{url}/token?scope=repository:{name}:pull"}
    history = {
        "url": f"{url}/v2/{name}/_chainguard/history/{tag}",
        "headers": {"Authorization": "Bearer {{ token.json.token }}"},
    }
    use = _debug(IMAGE + "@{{ (history.json.history | sort(attribute='updateTimestamp') | last).digest }}")
    return [
        {"ansible.builtin.uri": token, "register": "token"},
        {"ansible.builtin.uri": history, "register": "history"},
        *[use] * 3,
    ]


def _tasks(url: str, digest: str) -> dict[str, list[dict[str, Any]]]:
    once = {"cgr.images.digest_info": {"image": IMAGE}, "run_once": True, "register": "found"}
    return {
        ONCE: [once, *[_debug("{{ found.ref }}")] * 2],
        OURS: [{"cgr.images.digest_info": {"image": IMAGE}}, _lookup("ref"), _lookup("digest")],
        LOOKUPS: [_lookup("ref"), _lookup("digest"), _lookup("ref")],
        DEBUG: [_debug(f"{IMAGE}@{digest}")] * 3,
        ENV: [_debug(f"{IMAGE}@{digest}" + "{{ lookup('ansible.builtin.env', 'CGR_NONE') }}")] * 3,
        URI: _by_hand(url),
    }


def part(folder: Path, numbers: Sequence[int] = HOSTS, repeat: int = 3) -> Part:
    """Measures this kind of work: by hand once, because it is slow, and for the plot at most twice."""
    history = made_up(NAME, RECORDS)
    costs: dict[int, dict[str, Cost]] = {}
    with served({NAME: history}, folder / "playbook") as registry:
        tasks = _tasks(registry.url, history[-1]["digest"])
        for number in numbers:
            ways = {name: _playing(registry, name, tasks[name], number) for name in tasks}
            by_hand = {URI: ways.pop(URI)}
            turns = repeat if number == numbers[-1] else min(repeat, 2)
            costs[number] = measured(ways, turns, registry) | measured(by_hand, 1, registry)
        where = registry.run([sys.executable, "-m", "tests.bench.lookup", IMAGE])
    work, most = f"playbook, {numbers[-1]} hosts × 3 uses of one image, CPU time", costs[numbers[-1]]
    where += f" In the same play, {ENV} takes {most[ENV].seconds / most[DEBUG].seconds:.2f}× the time of `debug`."
    rows = [
        Row(
            f"{work}: {way}",
            DEBUG,
            [no_longer(most[way], most[DEBUG], goal), exactly_requests(most[way], 2)],
            most[way],
            most[DEBUG],
            where,
        )
        for way, goal in ((ONCE, 1.0), (OURS, 1.2), (LOOKUPS, 1.45))
    ]
    rows.append(Row(work, URI, [faster(most[OURS], most[URI], 5)], most[OURS], most[URI], where))
    return Part(rows, [Plot("hosts", "hosts", {way: [(n, cost[way]) for n, cost in costs.items()] for way in tasks})])


def _playing(registry: Served, name: str, tasks: list[dict[str, Any]], hosts: int) -> Callable[[], Done]:
    play = [{"hosts": "all", "connection": "local", "gather_facts": False, "tasks": tasks}]
    file = registry.folder / f"{sha256(name.encode()).hexdigest()}.yaml"
    file.write_text(yaml.safe_dump(play, sort_keys=False))
    inventory = "".join(f"web{number}," for number in range(hosts))
    command = ["ansible-playbook", "-i", inventory, "-e", f"ansible_python_interpreter={sys.executable}", str(file)]

    def run() -> Done:
        before = _cpu_seconds()
        printed = registry.run(command)
        return Done(set(re.findall(r"sha256:\w+", printed)), _cpu_seconds() - before)

    return run


def _cpu_seconds() -> float:
    """Returns the processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
