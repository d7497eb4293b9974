# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes that several modules have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of all modules, and in `INFO` those of modules that only look something up."""

    DOCUMENTATION = r"""
attributes:
  async:
    description: Cannot run with the keyword C(async), because it runs on the controller.
    support: none
  platform:
    description: The operating systems of the controller.
    platforms: posix
    support: full
  action_group:
    description: The group for C(module_defaults).
    membership:
      - cgr.images.images
    support: full
"""

    INFO = r"""
attributes:
  check_mode:
    description: Can run in check mode, and does the same there, because it changes nothing.
    support: full
  diff_mode:
    description: Has no differences to show, because it changes nothing.
    support: none
"""
