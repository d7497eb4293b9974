# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup ref; ref.yml documents it."""

from __future__ import annotations

from ansible_collections.cgr.images.plugins.plugin_utils._lookup import ImagesLookup


class LookupModule(ImagesLookup):
    """The lookup ref."""

    value = "ref"
