# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Takes away what Python lacks on Windows, where `NO_POSIX` is set and this directory is on `PYTHONPATH`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

MODULES = frozenset({"fcntl", "grp", "pwd", "resource", "termios"})
IN_OS = (
    "O_CLOEXEC",
    "O_DIRECTORY",
    "O_NOFOLLOW",
    "O_NONBLOCK",
    "chown",
    "fchmod",
    "fchown",
    "fork",
    "geteuid",
    "getpgid",
)
IN_OS_TOO = ("getuid", "killpg", "mkfifo", "setsid")
IN_SIGNAL = ("SIGALRM", "SIGHUP", "SIGKILL")


class NoPosix:
    """Finds no module that Windows does not have."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuses the modules."""
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


if os.environ.get("NO_POSIX"):
    sys.meta_path.insert(0, NoPosix())
    for module, names in ((os, IN_OS + IN_OS_TOO), (signal, IN_SIGNAL)):
        for each in names:
            if hasattr(module, each):
                delattr(module, each)
