# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The embedded registry works with other clients."""

from __future__ import annotations

import json
from pathlib import Path

import requests

from pulumi_cgr.testing import Registry

A, B = ("sha256:" + 64 * letter for letter in "ab")
HISTORY = [
    {"updateTimestamp": "2026-01-31T00:00:00Z", "digest": A},
    {"updateTimestamp": "2026-02-01T00:00:00Z", "digest": B},
]


def test_a_client_of_the_distribution_specification_learns_the_digest_of_a_tag(tmp_path: Path) -> None:
    with Registry({"chainguard/web:1": HISTORY}, log=tmp_path / "log") as registry:
        challenge = requests.get(f"{registry.url}/v2/").headers["WWW-Authenticate"]
        granted = requests.get(f"{registry.url}/token", {"scope": "repository:chainguard/web:pull"}).json()
        bearer = {"Authorization": f"Bearer {granted['token']}"}
        found = requests.head(f"{registry.url}/v2/chainguard/web/manifests/1", headers=bearer)
        missing = requests.head(f"{registry.url}/v2/chainguard/web/manifests/2", headers=bearer)

    assert challenge == f'Bearer realm="{registry.url}/token",service="cgr.dev"'
    assert isinstance(granted["expires_in"], int)
    assert (found.status_code, found.headers["Docker-Content-Digest"]) == (200, B)
    assert missing.status_code == 404
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(request["method"], request["path"], request["status"]) for request in log] == [
        ("GET", "/v2/", 401),
        ("GET", "/token", 200),
        ("HEAD", "/v2/chainguard/web/manifests/1", 200),
        ("HEAD", "/v2/chainguard/web/manifests/2", 404),
    ]
    assert log[1]["size"] == len(json.dumps(granted))
