# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pin."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pin
short_description: Pin the images in a manifest, or in any data, to the digests that were looked up
version_added: 0.1.0
description:
  - Writes the results of M(cgr.images.digest_info) into a manifest.
  - Only the references that the results name change, each to C(repository:tag@digest). References that are already pinned,
    name other images, are made by a template or are in a comment do not change, and neither does any other byte.
  - Pinning twice gives the same as pinning once.
author:
  - the pulumi-cgr authors (@pulumi-cgr)
positional: _input, results
options:
  _input:
    description:
      - One reference, a text such as a YAML manifest or a Dockerfile, or any data with text in it.
    type: raw
    required: true
  results:
    description:
      - Results of M(cgr.images.digest_info), also those of a loop; their RV(cgr.images.digest_info#module:images) or
        RV(cgr.images.digest_info#module:refs); references C(repository:tag@digest); or a list or dictionary of these.
    type: raw
    required: true
seealso:
  - module: cgr.images.digest_info
"""

EXAMPLES = r"""
- name: Look up what the tag pointed at on the first of June
  cgr.images.digest_info:
    image: cgr.dev/chainguard/python:latest-dev
    at: "2024-06-01"
  register: python

- name: Write the manifest with this image pinned
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', 'deployment.yaml') | cgr.images.pin([python]) }}"
    dest: out/deployment.yaml
    mode: "0644"

- name: Pin an image anywhere in a variable
  ansible.builtin.debug:
    msg: "{{ {'containers': [{'image': 'cgr.dev/chainguard/python:latest-dev'}]} | cgr.images.pin(python) }}"
"""

RETURN = r"""
_value:
  description: The input, with its references pinned.
  type: raw
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import CgrError
from ansible_collections.cgr.images.plugins.plugin_utils._pins import pinned, refs_of


def pin(value: Any, results: Any) -> Any:
    """Returns `value` with the images pinned that `results` name."""
    try:
        return pinned(value, refs_of(results))
    except (CgrError, ValueError) as error:
        raise AnsibleFilterError(str(error)) from None  # core would add the cause, the same sentence again


class FilterModule:
    """The filter pin."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Returns the filter by its name."""
        return {"pin": pin}
