# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lookups say about their images."""

from __future__ import annotations


class ModuleDocFragment:
    """The terms of a lookup."""

    DOCUMENTATION = r"""
options:
  _terms:
    description:
      - The images, each as C(cgr.dev/ORG/IMAGE[:TAG]); the tag is C(latest) where none is written.
      - An image that is pinned already (C(...@sha256:...)) is answered as it stands, without a request.
    type: list
    elements: str
    required: true
notes:
  - C(lookup) joins the answers for several images with commas. Use C(query) to get a list.
"""
