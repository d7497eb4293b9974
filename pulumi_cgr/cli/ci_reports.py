# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Findings of `cgr-images check` where reviewers see them: annotations of GitHub Actions, and GitLab's code quality report.

The forms are those of https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands and of
https://docs.gitlab.com/ci/testing/code_quality/.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..lockfile.verify import NEVER_WAS, NOT_SIGNED, TOO_OLD, UNUSED, Finding

_SEVERITIES = {NEVER_WAS: "critical", NOT_SIGNED: "critical", TOO_OLD: "minor", UNUSED: "info"}
_TITLE = "cgr-images check"


@dataclass(frozen=True)
class Place:
    """A finding, and the file and line where it is shown."""

    finding: Finding
    file: str
    line: int


def places_of(findings: Iterable[Finding], lock_path: str, lock_text: str, root: str) -> list[Place]:
    """Returns where findings are shown: in the file that uses the image, or else at the entry in the lock file.

    Args:
        findings: the findings.
        lock_path: the path of the lock file.
        lock_text: its content.
        root: the folder from which files are named: that of the repository.
    """
    places = []
    for finding in findings:
        path = finding.file or lock_path
        line = finding.line or _line_of(finding.image, lock_text)
        places.append(Place(finding, os.path.relpath(path, root).replace(os.sep, "/"), line))
    return places


def github_commands(places: Sequence[Place]) -> str:
    """Returns a workflow command for each finding, which GitHub Actions shows beside its line."""
    return "".join(
        f"::error file={_property(place.file)},line={place.line},title={_TITLE}::{_data(place.finding.message)}\n"
        for place in places
    )


def is_on_github(environ: Mapping[str, str]) -> bool:
    """Whether this process runs in GitHub Actions."""
    return environ.get("GITHUB_ACTIONS") == "true"


def code_quality(places: Sequence[Place]) -> str:
    """Returns the findings as GitLab's code quality report, a JSON list."""
    seen: Counter[str] = Counter()
    report = []
    for place in places:
        finding = place.finding
        same = json.dumps([finding.kind, finding.image, dict(finding.rule), place.file], sort_keys=True)
        fingerprint = hashlib.sha256(f"{same} {seen[same]}".encode()).hexdigest()
        seen[same] += 1  # without the line, which moves with every edit above it
        report.append(
            {
                "description": finding.message,
                "check_name": finding.kind,
                "fingerprint": fingerprint,
                "severity": _SEVERITIES.get(finding.kind, "major"),
                "location": {"path": place.file, "lines": {"begin": place.line}},
            }
        )
    return json.dumps(report, indent=2) + "\n"


def _line_of(image: str, text: str) -> int:
    before, found, _after = text.partition(f'"image": {json.dumps(image)}')
    return before.count("\n") + 1 if found else 1


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
