# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the lookups document their images."""

from __future__ import annotations


class ModuleDocFragment:
    """The terms of a lookup."""

    DOCUMENTATION = r"""
options:
  _terms:
    description:
      - The images, each as C(cgr.dev/ORG/IMAGE[:TAG]); without a tag it means C(latest). Lists of images are flattened.
      - An image that is already pinned (C(...@sha256:...)) is returned as it is, without a request.
    type: list
    elements: str
    required: true
notes:
  - C(lookup) joins the results of several images with commas. Use C(query) to get a list.
"""
