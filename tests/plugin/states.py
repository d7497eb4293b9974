# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded states of stacks, which every later version reads: tests/data/states/PROVIDER-VERSION.json.

    pulumi stack export --show-secrets | python -m tests.plugin.states > tests/data/states/plugin-1.2.3.json

keeps the pins of a stack, and what a provider gets of them from the engine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..support.environments import ROOT

FOLDER = ROOT / "tests/data/states"
_SIGNATURE = "4dabf18193072939515e22adb298388d"


@dataclass(frozen=True)
class Recorded:
    """A pin in a state.

    Attributes:
        file: the name of the file, such as `plugin-0.1.0`.
        type: its type, such as `cgr:index:ImageDigest`.
        name: its name.
        id: its id.
        inputs: its checked inputs.
        outputs: its outputs.
    """

    file: str
    type: str
    name: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


def recorded(provider: str) -> Iterator[Recorded]:
    """Returns the pins in all recorded states of a provider: `dynamic` or `plugin`."""
    for file in sorted(FOLDER.glob(f"{provider}-*.json")):
        for each in json.loads(file.read_text()):
            yield Recorded(file.stem, **each)


def reduced(export: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the pins of an exported stack."""
    pins = [each for each in export["deployment"]["resources"] if "cgr:" in each["type"] and "inputs" in each]
    return [
        {
            "type": each["type"],
            "name": each["urn"].rpartition("::")[2],
            "id": each["id"],
            "inputs": _sent(each["inputs"]),
            "outputs": _sent(each["outputs"]),
        }
        for each in pins
        if not each["type"].startswith("pulumi:providers")
    ]


def _sent(value: Any) -> Any:
    """Returns a value as a provider gets it; the export has the text of a secret in place of its value."""
    if isinstance(value, dict):
        if _SIGNATURE in value and "plaintext" in value:
            return {_SIGNATURE: value[_SIGNATURE], "value": json.loads(value["plaintext"])}
        return {key: _sent(each) for key, each in value.items()}
    return [_sent(each) for each in value] if isinstance(value, list) else value


def main(text: str) -> str:
    """Returns the text of a recorded state for the text of an export."""
    return json.dumps(reduced(json.loads(text)), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(main(sys.stdin.read()))
