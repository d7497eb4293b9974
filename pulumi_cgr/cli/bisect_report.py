# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The output of `cgr-images bisect`: the next build to test, the verdicts so far, and the result."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from .._bridge import LOCK_FILE_NAME
from ..bisect.search import Candidate, Outcome
from ..bisect.state import State
from ..changes import Difference
from .differences import difference_lines, warnings_of
from .output import print_json, show, warn


@dataclass(frozen=True)
class Result:
    """The result of a search.

    Attributes:
        state: the search.
        outcome: its outcome.
        difference: the difference between the last good and the first bad build.
        lock: the lock file that has the image, if there is one.
    """

    state: State
    outcome: Outcome
    difference: Difference
    lock: str | None

    @property
    def commands(self) -> dict[str, str]:
        """The command that pins the last good build, and the one that excludes the bad ones; with a lock, one does both."""
        image, good = self.state.image, self.outcome.last_good
        if self.lock:
            lock = [] if self.lock == LOCK_FILE_NAME else ["--lock", self.lock]
            both = shlex.join(["cgr-images", "rollback", image, "--to", good.digest, *lock])
            return {"pin": both, "exclude": both}
        excluded = [word for each in self.state.search.bad for word in ("--exclude", each.digest)]
        pin, exclude = ["lock", image, "--at", str(good.updated_at)], ["lock", image, *excluded]
        return {"pin": shlex.join(["cgr-images", *pin]), "exclude": shlex.join(["cgr-images", *exclude])}


def report_next(state: State, as_json: bool) -> None:
    """Prints which build to test next."""
    search, candidate = state.search, state.search.next
    assert candidate is not None
    if as_json:
        left = {"untested": search.untested, "steps": search.steps}
        print_json({"image": state.image, "next": _build(state, candidate), **left})
        return
    count = f"{search.untested} build{'s' * (search.untested != 1)} left, at most {search.steps} to test"
    show(
        Text(state.ref(candidate)),
        Text(f"    of {candidate.updated_at}; {count}", "dim"),
        Text("    Test it, and say: cgr-images bisect good, bad or skip", "dim"),
    )


def report_log(state: State, as_json: bool) -> None:
    """Prints the verdicts so far, in order."""
    marks = [{"verdict": mark.verdict, "digest": mark.digest} for mark in state.search.marks]
    if as_json:
        ends = {"image": state.image, "good": state.good, "bad": state.bad}
        print_json({**ends, "candidates": [_build(state, each) for each in state.search.candidates], "marks": marks})
        return
    count = len(state.search.candidates)
    title = f"{state.image}: {count} builds from the good {state.good} to the bad {state.bad}"
    show(Text(title, "bold"), *(Text(f"{mark['verdict']:4}  {state.image}@{mark['digest']}") for mark in marks))


def report_result(result: Result, as_json: bool) -> None:
    """Prints the result of a search."""
    state, outcome = result.state, result.outcome
    warn(warnings_of([result.difference]))
    if as_json:
        print_json(_result(result))
        return
    lines = [
        _line("first bad build", state, outcome.first_bad, "bold red"),
        *(_line("or, skipped", state, each, "yellow") for each in outcome.skipped),
        _line("last good build", state, outcome.last_good, "bold green"),
        Text(""),
        *difference_lines(result.difference),
        Text(""),
        *_command_lines(result),
    ]
    show(*lines)


def _command_lines(result: Result) -> list[Text]:
    pin, exclude = result.commands["pin"], result.commands["exclude"]
    if pin == exclude:
        return [Text("Pin the good build in the lock, and exclude the bad ones:"), Text(f"    {pin}")]
    return [
        Text("Lock the good build:"),
        Text(f"    {pin}"),
        Text("Or the latest build that is not bad:"),
        Text(f"    {exclude}"),
    ]


def _result(result: Result) -> dict[str, Any]:
    state, outcome = result.state, result.outcome
    return {
        "image": state.image,
        "good": state.good,
        "bad": state.bad,
        "first_bad": _build(state, outcome.first_bad),
        "last_good": _build(state, outcome.last_good),
        "skipped": [_build(state, each) for each in outcome.skipped],
        "tests": len(state.search.marks),
        "diff": result.difference.to_dict(),
        "commands": result.commands,
    }


def _build(state: State, candidate: Candidate) -> dict[str, str]:
    return {"digest": candidate.digest, "updated_at": str(candidate.updated_at), "ref": state.ref(candidate)}


def _line(what: str, state: State, candidate: Candidate, style: str) -> Text:
    return Text.assemble((f"{what:15}  ", style), f"{state.ref(candidate)}  {candidate.updated_at}")
