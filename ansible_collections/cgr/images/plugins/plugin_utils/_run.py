# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state that one run of Ansible shares: its cache, and the instant that it takes for the present.

Both are in the temporary directory of the run, which all its forks share and which Ansible removes when it ends.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import Iterator

from ansible import constants

from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_cache import FileCache
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_lock import locked_file
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.present import RunPresent
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import CgrError
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import Instant
from ansible_collections.cgr.images.plugins.plugin_utils._lookup import RUN_DIRECTORY

SECONDS = 30.0
LONGEST_WAIT = 600.0


def run_cache(timeout: object = None) -> FileCache:
    """Returns the cache of this run.

    Args:
        timeout: the setting: how long to wait for another process that resolves the same; the resolver reports a malformed one.
    """
    try:
        seconds = float(str(timeout or os.environ.get("CGR_TIMEOUT") or SECONDS))
    except ValueError:
        seconds = SECONDS
    path = os.path.join(constants.DEFAULT_LOCAL_TMP, RUN_DIRECTORY)
    return FileCache(path, seconds=seconds if 0 < seconds < 3600 else SECONDS)


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Waits until no other host of this run is in a block of this name.

    Raises:
        CgrError: another host does not leave it within `LONGEST_WAIT` seconds.
    """
    path = os.path.join(constants.DEFAULT_LOCAL_TMP, f"{RUN_DIRECTORY}-{name}.lock")
    with ExitStack() as stack:
        try:
            stack.enter_context(locked_file(path, LONGEST_WAIT))
        except OSError as error:
            raise CgrError(f"{name} cannot wait for the other hosts: {error.strerror}. Use run_once: true.") from error
        yield


def run_present(given: Instant | None) -> RunPresent:
    """Returns the present of this run.

    Args:
        given: the instant that the variable `cgr_at` gives, if there is one.
    """
    return RunPresent(run_cache(), given, "cgr_at")
