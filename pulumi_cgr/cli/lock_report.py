# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The output of `cgr-images lock` and `rollback` about the changes of a lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from .._bridge import Entry
from ..changes import Difference
from ..lockfile.update import Change
from .differences import detail_lines, summary
from .output import print_json, show
from .signs import fit

Found = Mapping[tuple[str, str, str], Difference]

ADDED, UPDATED, UPDATED_USES, UNCHANGED, REMOVED = "added", "updated", "updated uses", "unchanged", "removed"


def report_changes(path: str, changes: Sequence[Change], as_json: bool, differences: Sequence[Difference] = ()) -> None:
    """Prints the changes of a lock file, and what the new pins bring, if that was asked for."""
    found = {(each.image, each.old.digest, each.new.digest): each for each in differences}
    if as_json:
        print_json({"lock": path, "changes": [_as_dict(change, _difference(change, found)) for change in changes]})
        return
    told = [change for change in changes if change.is_change]
    lines = [line for change in told for line in (*_lines(change), *_details(_difference(change, found)))]
    show(*lines, Text(f"{path}: {len(told)} changed, {len(changes) - len(told)} unchanged", "bold"))


def _lines(change: Change) -> list[Text]:
    status, before, after = _status(change), change.before, change.after
    rule = f"  {change.entry.key.rule}" if change.entry.rule else ""
    lines = [
        Text.assemble(f"{change.entry.image}{rule}  ", (status, "yellow" if status == REMOVED else "green")),
    ]
    if status == UPDATED_USES:
        return lines
    if before:
        lines.append(Text(f"    {before.digest}  {before.updated_at}", "dim"))
    if after:
        lines.append(Text(fit(f"  → {after.digest}  {after.updated_at}")))
    return lines


def _status(change: Change) -> str:
    before, after = change.before, change.after
    if before is None:
        return ADDED
    if after is None:
        return REMOVED
    if before == after:
        return UNCHANGED
    is_same_pin = (before.digest, before.updated_at, before.exclude) == (after.digest, after.updated_at, after.exclude)
    return UPDATED_USES if is_same_pin else UPDATED


def _difference(change: Change, found: Found) -> Difference | None:
    if change.before is None or change.after is None:
        return None
    return found.get((change.entry.image, change.before.index_digest, change.after.index_digest))


def _details(difference: Difference | None) -> list[Text]:
    return [Text(f"    {summary(difference)}"), *detail_lines(difference)] if difference else []


def _as_dict(change: Change, difference: Difference | None) -> dict[str, Any]:
    entry = change.entry
    sides = {"before": _side(change.before), "after": _side(change.after)}
    more = {"difference": difference.to_dict()} if difference else {}
    return {"image": entry.image, "rule": dict(entry.rule), "status": _status(change), **sides, **more}


def _side(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    digests = {"digest": entry.digest, "ref": entry.ref, "exclude": sorted(entry.exclude)}
    instants = {"updated_at": str(entry.updated_at), "resolved": str(entry.resolved)}
    return {**digests, **instants, "used": list(entry.used), "named": entry.named}
