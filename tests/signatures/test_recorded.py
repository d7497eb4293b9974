# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Real signatures of Chainguard's public images, and 1,000 changes to them, verified with the trusted root of their time."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.model.signers import PUBLIC_SIGNER
from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.candidates import (
    Candidate,
    Unusable,
    from_legacy,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.certificate import Named
from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.cosign import Cosign

from ..support import independent_verifier
from ..support.environments import ROOT
from ..support.signature_cases import flipped

DATA = ROOT / "tests/data/signatures"
TRUSTED_ROOT = (DATA / "trusted_root.json").read_bytes()
RECORDED = [json.loads(line) for line in (DATA / "recorded.jsonl").read_text().splitlines()]
TODAY = [each for each in RECORDED if each["identity"] in PUBLIC_SIGNER.identities]
MUTATIONS, BY_COSIGN = 1000, 25
SIGNATURE, CERTIFICATE, ENTRY = (
    "dev.cosignproject.cosign/signature",
    "dev.sigstore.cosign/certificate",
    "dev.sigstore.cosign/bundle",
)


def candidate(record: dict[str, Any]) -> Candidate:
    return from_legacy(record["payload"].encode(), record["annotations"], record["digest"])


def test_there_are_14_signatures_by_the_identity_of_today_among_20() -> None:
    assert (len(TODAY), len(RECORDED)) == (14, 20)


@pytest.mark.parametrize("record", RECORDED, ids=lambda record: record["name"])
def test_a_recorded_signature_is_valid_and_by_whom_it_says(record: dict[str, Any], cosign: Cosign) -> None:
    found = candidate(record)

    assert found.named == Named(record["identity"], record["issuer"])
    assert cosign.reason_against(found, record["digest"], found.named, TRUSTED_ROOT) is None


@pytest.mark.parametrize("record", [each for each in RECORDED if each not in TODAY], ids=lambda record: record["name"])
def test_one_of_before_is_not_by_the_identity_of_today(record: dict[str, Any], cosign: Cosign) -> None:
    today = Named(PUBLIC_SIGNER.identities[0], PUBLIC_SIGNER.issuer)

    assert cosign.reason_against(candidate(record), record["digest"], today, TRUSTED_ROOT)


def mutated(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Returns a signature with one thing changed."""
    annotations, kind = dict(record["annotations"]), chance.randrange(8)
    if kind == 0:
        position = chance.randrange(len(record["payload"]))
        character = chr((ord(record["payload"][position]) + 1) % 128)
        return {**record, "payload": record["payload"][:position] + character + record["payload"][position + 1 :]}
    if kind == 1:
        annotations[SIGNATURE] = flipped(annotations[SIGNATURE], chance.randrange(1000))
    elif kind == 2:
        lines = annotations[CERTIFICATE].strip().splitlines()
        content = flipped("".join(lines[1:-1]), chance.randrange(10_000))
        rows = [content[start : start + 64] for start in range(0, len(content), 64)]
        annotations[CERTIFICATE] = "\n".join([lines[0], *rows, lines[-1], ""])
    elif kind == 3:
        other = chance.choice([each for each in RECORDED if each is not record])
        name = chance.choice([SIGNATURE, CERTIFICATE, ENTRY])
        annotations[name] = other["annotations"][name]
    elif kind == 4:
        del annotations[chance.choice(sorted(annotations))]
    else:
        entry = json.loads(annotations[ENTRY])
        _change(entry, kind, chance)
        annotations[ENTRY] = json.dumps(entry)
    return {**record, "annotations": annotations}


def _change(entry: dict[str, Any], kind: int, chance: random.Random) -> None:
    said = entry["Payload"]
    if kind == 5:
        entry["SignedEntryTimestamp"] = flipped(entry["SignedEntryTimestamp"], chance.randrange(1000))
    elif kind == 6:
        said["body"] = flipped(said["body"], chance.randrange(10_000))
    else:
        name = chance.choice(["integratedTime", "logIndex", "logID"])
        said[name] = said[name][::-1] if name == "logID" else said[name] + chance.choice([-1, 1, 86400])


def mutations() -> list[dict[str, Any]]:
    chance = random.Random(19)  # the same ones every time
    return [mutated(RECORDED[number % len(RECORDED)], chance) for number in range(MUTATIONS)]


def test_a_thousand_changed_signatures_are_refused() -> None:
    root, taken = json.loads(TRUSTED_ROOT), []
    for number, record in enumerate(mutations()):
        try:
            found = candidate(record)
            bundle, named = json.loads(found.bundle), (record["identity"], record["issuer"])
            independent_verifier.verify_legacy(bundle, found.payload or b"", *named, root)
        except (Unusable, independent_verifier.Refused, ValueError, KeyError, TypeError, IndexError):
            continue
        taken.append((number, record))

    assert taken == []


def test_cosign_refuses_changed_signatures(cosign: Cosign) -> None:
    for record in mutations()[: MUTATIONS : MUTATIONS // BY_COSIGN]:
        try:
            found = candidate(record)
        except Unusable:
            continue
        named = Named(record["identity"], record["issuer"])
        assert cosign.reason_against(found, record["digest"], named, TRUSTED_ROOT), record
