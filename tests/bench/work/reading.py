# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Reading large YAML for the images in it, against PyYAML alone with libyaml: linear, and at most three times as long."""

from __future__ import annotations

from pathlib import Path

import yaml

from pulumi_cgr.files import Matcher, scan

from ..measure import Done, Part, Row, Way, measured, no_longer

SIZES = (300_000, 3_000_000, 30_000_000)
BOUND = 3
OURS, PARSER = "the images in a file", "PyYAML composes it"

_POD = """---
apiVersion: v1
kind: Pod
metadata:
  name: web-{number}
  labels: {{app: web, tier: "front"}}
spec:
  containers:
    - name: web
      image: cgr.dev/chainguard/image-{number}:latest
      args: [--port, '8080', --v=2]
    - name: other
      image: docker.io/library/redis:7
"""
_VALUES = "value{number}:\n  enabled: true\n  labels: {{app: web-{number}}}\n  description: what it is good for\n"
KINDS = {"Pods with an image each": _POD, "values without any": _VALUES}


def part(folder: Path, sizes: tuple[int, ...] = SIZES) -> Part:
    """Measures."""
    return Part([_row(folder, kind, size) for kind in KINDS for size in sizes])


def _row(folder: Path, kind: str, size: int) -> Row:
    file = _written(folder / "large.yaml", KINDS[kind], size)
    costs = measured({OURS: _ours(file), PARSER: _parser(file)}, 3 if size < max(SIZES) else 1)
    ours, theirs = costs[OURS], costs[PARSER]
    return Row(f"reading {size / 1e6:g} MB of YAML, {kind}", PARSER, [no_longer(ours, theirs, BOUND)], ours, theirs)


def _written(file: Path, piece: str, size: int) -> Path:
    count = size // len(piece.format(number=10_000))
    file.parent.mkdir(parents=True, exist_ok=True)
    # Without a name of ours no parser is started.
    file.write_text("".join(piece.format(number=number) for number in range(count)) + "---\nregistry: cgr.dev\n")
    return file


def _ours(file: Path) -> Way:
    def run() -> Done:
        problems = scan(file, names=Matcher()).problems
        return Done(problems[0] if problems else None)

    return run


def _parser(file: Path) -> Way:
    def run() -> Done:
        text = file.read_text(encoding="utf-8")
        for _root in yaml.compose_all(text, yaml.CSafeLoader):
            pass
        return Done(None)

    return run
