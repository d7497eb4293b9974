# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The command `cgr-images`.  It needs the extra `pulumi-cgr[cli]`."""

from __future__ import annotations

import sys

MISSING = "cgr-images needs libraries that are not installed here: python -m pip install 'pulumi-cgr[cli]'"


def main() -> None:
    """Runs the command with the arguments of this process, and ends it with the command's exit status."""
    try:
        from .app import run
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        sys.exit(MISSING)
    sys.exit(run(sys.argv[1:]))
