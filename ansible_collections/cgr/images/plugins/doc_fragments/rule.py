# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every plugin says about how a build is chosen."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that make up the rule; `CURRENT` is for plugins that cannot see by themselves what is deployed."""

    DOCUMENTATION = r"""
options:
  at:
    description:
      - The instant to look at, such as V(2026-01-31T12:00:00Z) or V(2026-01-31) (its midnight), as RFC 3339 or
        ISO 8601 text, a date, or a date and time. Without a time zone it means UTC. By default the present.
      - It may be in quotes or not. An instant in the future, or before the first build of the tag, is refused.
    type: raw
  min_age:
    description:
      - How old the build must be at least, by the registry's clock, such as V(7d), V(36h) or V(P7D).
      - Does not go together with O(at).
    type: str
  builds_back:
    description:
      - How many builds before the one that would be chosen. A return to an earlier digest counts as one.
    type: int
  exclude:
    description:
      - Digests that are known to be bad. The next older build is taken instead.
    type: list
    elements: str
  stale_after:
    description:
      - Warn if the newest build is older than that, such as V(30d).
    type: str
"""

    CURRENT = r"""
options:
  current:
    description:
      - The digest, or the C(ref), that is deployed. With O(min_age), it is never replaced by an older build, unless it is
        excluded, or O(builds_back) asks for one.
    type: str
"""
