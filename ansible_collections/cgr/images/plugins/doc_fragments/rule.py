# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every plugin documents the choice of a build.  Made by `make docs` from the declarations in module_utils."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of a rule; `CURRENT` has those of plugins that return results, rather than write them into files."""

    DOCUMENTATION = r"""
options:
  at:
    description:
      - >-
        Resolve as of this instant, such as V(2026-01-31T12:00:00Z) or V(2026-01-31) (midnight): RFC 3339 or ISO 8601
        text, a date, or a date and time. Without a time zone it means UTC. The default is the present.
      - Put it in quotes. An instant in the future, or before the first build of the tag, is an error.
      - Ansible's function C(now) returns local time without a time zone, which is an error. Give it C(utc=true) and a
        C(fmt), such as C(%Y-%m-%dT%H:%M:%SZ).
    type: raw
  min_age:
    description:
      - The minimum age of the build by the registry's clock, such as V(7d), V(36h) or V(P7D). Cannot be combined with
        O(at).
    type: str
  min_age_from:
    description:
      - >-
        The time from which O(min_age) counts: V(tag) is when the tag moved to the build, V(build) is when it was
        built, as Chainguard's pull policy C(cooldown) counts. A build that gives no time is not old enough. By
        default V(tag).
    type: str
    choices:
      - tag
      - build
  builds_back:
    description:
      - How many builds to go back from the one that would be chosen otherwise. A return to an earlier digest counts,
        too.
    type: int
  exclude:
    description:
      - Digests of builds known to be bad. The next older build is chosen instead.
    type: list
    elements: str
  platform:
    description:
      - The platform whose image to pin, such as C(linux/arm64); the name of an architecture (C(x86_64), C(aarch64))
        means Linux. By default, the index of all platforms is pinned.
    type: str
  pullable:
    description:
      - >-
        Check that the registry serves the build to these credentials: that it still exists and that no pull policy
        denies it. A build that is deployed already is kept even if it is denied.
    type: bool
  on_denied:
    description:
      - >-
        What to do about a build that may not be used: V(fail), or choose the newest V(older) one that may be used.
        Requires O(pullable) or O(signed). With O(at) it always fails. By default V(fail).
    type: str
    choices:
      - fail
      - older
  check_mirror:
    description:
      - For an image on a mirror, check that the mirror serves the build, with the credentials that Docker has for it.
        A mirror that pulls through fetches the build when it is asked.
    type: bool
  stale_after:
    description:
      - Warn if the newest build is older than this, such as V(30d).
    type: str
  signed:
    description:
      - Whether the digest must be signed by one of the O(signers), which cosign verifies. If it is not, resolving it
        is an error. The digest of an image that is already pinned is verified, too.
    type: bool
"""

    CURRENT = r"""
options:
  details:
    description:
      - Also return the platforms of the image and when it was built.
    type: bool
  current:
    description:
      - The digest or the C(ref) that is deployed now. With O(min_age), an older build never replaces it, unless it is
        excluded or O(builds_back) is given. With O(platform) or O(pullable), it is kept even if it may no longer be
        pulled.
    type: str
"""
