# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Profiles a lookup that is already cached in the run, in a fork that has not loaded the plugin yet.

python -m tests.bench.lookup IMAGE
"""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
from collections import Counter
from pathlib import Path

import ansible.cli.playbook
import ansible.executor.playbook_executor  # noqa: F401  (a controller has imported it when it forks)
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, lookup_loader
from ansible.template import Templar

LOOKUP = "cgr.images.ref"
PARTS = 8
NAMES = {"yaml": "YAML", "ansible": "ansible-core", "ansible_collections": "this collection", "~": "built-in functions"}


def main(image: str) -> None:
    """Runs the lookup in a fork, then profiles it in another."""
    init_plugin_loader()
    if not os.fork():
        _use(image)
        os._exit(0)
    os.wait()
    profile = cProfile.Profile()
    profile.runcall(_use, image)
    spent: Counter[str] = Counter()
    for (file, _line, function), (_calls, _all, own, _below, _callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_part(file, function)] += own
    total = sum(spent.values())
    parts = ", ".join(f"{name} {own / total:.0%}" for name, own in spent.most_common(PARTS))
    print(f"Of a lookup in a fork that has not loaded it yet, once it was answered in the run: {parts}.")


def _use(image: str) -> None:
    templar = Templar(loader=DataLoader(), variables={})
    lookup_loader.get(LOOKUP, loader=templar._loader, templar=templar).run([image], variables={})


def _part(file: str, function: str) -> str:
    if function in ("<built-in method builtins.compile>", "<built-in method builtins.exec>"):
        return "compiling and running files of the collection"
    parts = Path(file).parts
    found = [name for name in NAMES if name in parts]
    return NAMES[found[-1]] if found else "Python's library"


if __name__ == "__main__":
    main(sys.argv[1])
