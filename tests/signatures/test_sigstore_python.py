# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""sigstore-python, a third opinion, agrees about each case of a bundle.  It does not verify legacy signatures.

It takes 26 packages, so it is not among the dependencies of the tests: `pip install --group sigstore` installs it.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from ..support.signature_cases import CASES, DIGEST, IDENTITY, ISSUER, case
from ..support.sigstore import SIGN, Sigstore

pytest.importorskip("sigstore", reason="sigstore-python is not installed: pip install --group sigstore")

BUNDLES = [name for name in CASES if "bundle" in name or "SPDX" in name]


def load(name: str) -> Any:
    return importlib.import_module(f"sigstore.{name}")


@pytest.mark.parametrize("name", BUNDLES)
def test_a_case_of_a_bundle(name: str, sigstore: Sigstore, stranger: Sigstore, root: bytes, tmp_path: Path) -> None:
    made = case(name, sigstore, stranger)
    (tmp_path / "root.json").write_bytes(root)
    trusted = load("models").TrustedRoot.from_file(str(tmp_path / "root.json"))
    verifier, policy = (
        load("verify").Verifier(trusted_root=trusted),
        load("verify.policy").Identity(identity=IDENTITY, issuer=ISSUER),
    )

    try:
        bundle = load("models").Bundle.from_json(json.dumps(made.content))
        kind, payload = verifier.verify_dsse(bundle, policy)
        is_good = kind == "application/vnd.in-toto+json" and _signs(json.loads(payload))
    except (load("errors").VerificationError, load("models").InvalidBundle):
        is_good = False

    assert is_good == made.is_good


def _signs(statement: Any) -> bool:
    subjects = [subject["digest"]["sha256"] for subject in statement["subject"]]
    return statement["predicateType"] == SIGN and f"sha256:{subjects[0]}" == DIGEST
