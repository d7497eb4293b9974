# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of one run of Ansible: the same question gets the same answer, whoever asks it and on whichever host.

It is in the run's own temporary folder, which all its forks share and which is removed when it ends.
"""

from __future__ import annotations

import os

from ansible import constants

from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_cache import FileCache

SECONDS = 30.0


def run_cache(timeout: object = None) -> FileCache:
    """Returns the memory of this run.

    Args:
        timeout: the setting: how long another process that asks the same is waited for; the resolver reports a malformed one.
    """
    try:
        seconds = float(str(timeout or os.environ.get("CGR_TIMEOUT") or SECONDS))
    except ValueError:
        seconds = SECONDS
    path = os.path.join(constants.DEFAULT_LOCAL_TMP, "cgr-images")
    return FileCache(path, seconds=seconds if 0 < seconds < 3600 else SECONDS)
