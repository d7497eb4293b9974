# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Testing a build with a command of the user's, whose exit status is the verdict, as for `git bisect run`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from ..resolver import CgrError
from .search import BAD, GOOD, SKIP

CANNOT_TEST, LARGEST_BAD = 125, 124


def test_with(command: Sequence[str], ref: str) -> str:
    """Runs a command and returns its verdict on a build: `good`, `bad` or `skip`.

    Its standard output goes to our standard error, so that standard output has the result only.

    Args:
        command: the command and its arguments, in which `{ref}` and `{digest}` are replaced.
        ref: the reference of the build, `repository:tag@digest`; the command also has it in `CGR_REF`.

    Raises:
        CgrError: it cannot be started, was killed, or ended with a status that is not a verdict.
    """
    digest = ref.partition("@")[2]
    words = [word.replace("{ref}", ref).replace("{digest}", digest) for word in command]
    try:
        done = subprocess.run(  # noqa: S603  (it is the user's own command)
            words, env={**os.environ, "CGR_REF": ref, "CGR_DIGEST": digest}, stdout=sys.stderr, check=False
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it contains a NUL"
        raise CgrError(f"the command {words[0]} cannot be started: {why}. {_GO_ON}") from error
    if done.returncode == 0:
        return GOOD
    if done.returncode == CANNOT_TEST:
        return SKIP
    if 1 <= done.returncode <= LARGEST_BAD:
        return BAD
    ended = f"was killed by signal {-done.returncode}" if done.returncode < 0 else f"ended with {done.returncode}"
    raise CgrError(f"the command {ended}, which is not a verdict, so the search stops. {_GO_ON}")


_GO_ON = "Run the same again to go on from here."
