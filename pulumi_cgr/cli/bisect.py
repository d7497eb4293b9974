# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images bisect`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from .._bridge import read_lock
from ..bisect.command import test_with
from ..bisect.search import VERDICTS, Outcome
from ..bisect.start import BAD, GOOD, End, image_of, new_state
from ..bisect.state import STATE_FILE_NAME, State, read, remove, write
from ..changes import Difference, compare_or_warn
from ..lockfile.rollback import rollback_to
from ..lockfile.update import Change
from ..resolver import InvalidArgument, InvalidLock, NotLocked, Resolver
from . import options
from .bisect_report import Result, report_log, report_next, report_result
from .decorators import takes_resolver
from .lock_path import find_lock, lock_of
from .lock_report import report_changes
from .output import bar, say, show

LOG, RESET = "log", "reset"

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGE|good|bad|skip|log|reset [COMMAND]…",
        help="The image, to begin; after `--` a command that tests a build: exit status 0 is good, 1 to 124 is bad, 125 skips"
        " the build, anything else stops. `{ref}` and `{digest}` in it are replaced, and CGR_REF is set. Without a command,"
        " test each build yourself, and then say `good`, `bad` or `skip`.",
    ),
]
Good = Annotated[
    str | None, typer.Option("--good", metavar="TIMESTAMP|DIGEST", help="The build that is known to be good.")
]
Bad = Annotated[
    str | None, typer.Option("--bad", metavar="TIMESTAMP|DIGEST", help="The build that is known to be bad.")
]
Apply = Annotated[
    bool,
    typer.Option(
        "--apply", help="At the end, go back to the last good build in the lock, and exclude the bad ones there."
    ),
]
StateFile = Annotated[
    str,
    typer.Option("--state", metavar="FILE", help=f"The file that keeps the search. By default `{STATE_FILE_NAME}`."),
]


@takes_resolver()
def bisect(
    words: Words,
    good: Good = None,
    bad: Bad = None,
    apply: Apply = False,
    state_file: StateFile = STATE_FILE_NAME,
    lock_file: options.LockFile = None,
    of_platform: options.OfPlatform = None,
    signed: options.Signed = False,
    *,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Finds the first bad build of an image between a good and a bad one, by testing as few builds as possible.

    With a command it runs by itself; without one, step by step. The search is in one file: after an interrupt, run the same
    again to go on. A digest to which the tag returned is one build. Nothing is pulled.
    """
    first, command = words[0], words[1:]
    if first == RESET:
        remove(state_file)
        return
    if first in (*VERDICTS, LOG):
        state = _running(state_file)
        if first == LOG:
            report_log(state, as_json)
            return
        state = _marked(state, state_file, first, _one(command), resolver)
        command = []
    else:
        state = _begin(resolver, first, good, bad, state_file)
    path = _lock_with(state.image, lock_file) if apply else None
    if command:
        state = _run(state, state_file, command)
    outcome = state.search.outcome
    if outcome is None:
        report_next(state, as_json)
        return
    with bar("Reading the builds"):
        difference = _difference(resolver, state.image, outcome, of_platform, signed)
    _report(resolver, state, outcome, difference, path, lock_file, as_json)


def _begin(resolver: Resolver, image: str, good: str | None, bad: str | None, state_file: str) -> State:
    """Goes on with the search that is in the file, if it is the same; otherwise begins one."""
    if not good or not bad:
        raise InvalidArgument("give both builds between which to search: --good and --bad.", "good" if bad else "bad")
    named = image_of(resolver, image)
    ends = End(resolver, named, GOOD, good), End(resolver, named, BAD, bad)
    state = read(state_file)
    if state and state.is_for(named, *map(str, ends)):
        say(f"going on with the search in {state_file}")
        return state
    if state and state.search.next:
        raise InvalidArgument(
            f"a search of {state.image} is in {state_file} and has not ended. Go on with it, or end it: cgr-images bisect reset",
            "state",
        )
    with bar("Reading the history"):
        state = new_state(resolver, named, *ends)
    write(state_file, state)
    return state


def _running(state_file: str) -> State:
    state = read(state_file)
    if state is None:
        raise InvalidArgument(
            f"{state_file} does not exist. Begin with cgr-images bisect IMAGE --good … --bad ….", "state"
        )
    return state


def _marked(state: State, state_file: str, verdict: str, build: str | None, resolver: Resolver) -> State:
    """Returns the state with a verdict on the build that was to be tested, or on another one."""
    candidate = state.search.next
    if build is None and candidate is None:
        raise InvalidArgument("the search has ended. To search anew: cgr-images bisect reset", verdict)
    if build is not None:
        digest = End(resolver, state.image, verdict, build).digest
        if digest is None:
            raise InvalidArgument(f"{build} is not a digest.", verdict)
    else:
        assert candidate is not None
        digest = candidate.digest
    state = state.with_mark(digest, verdict)
    write(state_file, state)
    return state


def _run(state: State, state_file: str, command: list[str]) -> State:
    while candidate := state.search.next:
        ref = state.ref(candidate)
        say(f"testing {ref}, of {candidate.updated_at}; at most {state.search.steps} tests are left")
        verdict = test_with(command, ref)
        say(f"{verdict}: {candidate.digest}")
        state = state.with_mark(candidate.digest, verdict)
        write(state_file, state)
    return state


def _difference(resolver: Resolver, image: str, outcome: Outcome, platform: str | None, signed: bool) -> Difference:
    """Returns what the first bad build changed; what cannot be verified is a warning, so that the result is not lost."""
    return compare_or_warn(
        resolver,
        image,
        outcome.last_good.digest,
        outcome.first_bad.digest,
        platform=platform,
        builds_between=len(outcome.skipped),
        signed=signed or None,
    )


def _report(
    resolver: Resolver,
    state: State,
    outcome: Outcome,
    difference: Difference,
    path: str | None,
    lock_file: str | None,
    as_json: bool,
) -> None:
    good = outcome.last_good.digest
    changed: tuple[Change, ...] = ()
    if path is not None:
        changed = rollback_to(path, resolver, state.image, good, [each.digest for each in state.search.bad])
    report_result(Result(state, outcome, difference, _lock_if_there(state.image, lock_file)), as_json)
    if path is not None and not as_json:
        show(Text(""))
        report_changes(path, changed, as_json)


def _one(words: list[str]) -> str | None:
    if len(words) > 1:
        raise InvalidArgument(f"{' '.join(words)}: give one build at a time.", "words")
    return words[0] if words else None


def _lock_with(image: str, lock_file: str | None) -> str:
    """Returns the lock file, which must contain the image."""
    path = lock_of(lock_file)
    if not any(entry.image == image for entry in read_lock(path).entries):
        raise NotLocked(f"{image} is not in the lock file {path}. Lock it first: cgr-images lock {image}")
    return path


def _lock_if_there(image: str, lock_file: str | None) -> str | None:
    """Returns the lock file, if there is one with the image."""
    path = find_lock(lock_file)
    try:
        is_there = path is not None and any(entry.image == image for entry in read_lock(path).entries)
    except InvalidLock:
        return None
    return path if is_there else None
