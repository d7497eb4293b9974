# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup ref: documentation, and the name of a value."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ref
short_description: The reference of a Chainguard image, pinned to its digest at an instant or at its latest build
version_added: 0.1.0
description:
  - Looks up, in the tag history of the registry C(cgr.dev), which digest the tag of an image pointed at.
  - With O(at), the digest is that of the instant, and stays the same for good. Without, it is that of the latest build.
  - Other rules choose a build by its age, go back by a number of builds, or leave known-bad ones out.
  - It is looked up on the controller. Within one run of Ansible, the same question gets the same answer, on all hosts and
    from all plugins of this collection, and is asked once; even if the tag moves meanwhile.
  - Several images are looked up at one instant, and all of them are answered, or none.
author:
  - the pulumi-cgr authors (@pulumi-cgr)
extends_documentation_fragment:
  - cgr.images.images
  - cgr.images.rule
  - cgr.images.rule.current
  - cgr.images.settings
  - cgr.images.settings.lookup
seealso:
  - plugin: cgr.images.digest
    plugin_type: lookup
    description: The digest alone.
  - module: cgr.images.digest_info
"""

EXAMPLES = r"""
- name: Write a manifest that is pinned to what the tag pointed at on the first of June
  ansible.builtin.copy:
    content: |
      services:
        web:
          image: {{ lookup('cgr.images.ref', 'cgr.dev/chainguard/python:latest-dev', at='2024-06-01') }}
    dest: out/compose.yaml
    mode: "0644"

- name: Show the references of the latest builds of several images
  ansible.builtin.debug:
    msg: "{{ query('cgr.images.ref', 'cgr.dev/chainguard/nginx:latest', 'cgr.dev/chainguard/php:latest-dev') }}"
"""

RETURN = r"""
_raw:
  description: The reference to deploy for each image, C(repository:tag@digest), in their order.
  type: list
  elements: str
"""

from ansible_collections.cgr.images.plugins.plugin_utils._lookup import ImagesLookup


class LookupModule(ImagesLookup):
    """The lookup ref."""

    value = "ref"
