#!/usr/bin/python
# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module changes_info: documentation; its action plugin does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: changes_info
short_description: List which Chainguard images moved between two instants, and what that changed
version_added: 0.1.0
description:
  - Reads the tag histories of images of C(cgr.dev), and lists to which digests their tags moved between two instants.
  - For images whose digest changed, it also compares packages, configuration and size of the old and the new build.
  - Packages and configuration are those that the publisher attests, not verified. If there is no attestation, a warning says
    so, and the rest is returned.
  - It runs on the controller, without a connection to the host.
author:
  - the pulumi-cgr authors (@pulumi-cgr)
options:
  images:
    description:
      - The images, each as C(cgr.dev/ORG/IMAGE[:TAG]); without a tag it means C(latest).
      - By default the images in O(paths), or those in the lock file O(lock).
    type: list
    elements: str
  paths:
    description:
      - Files and folders in which to look for images, as for M(cgr.images.pinned_files).
    type: list
    elements: path
  since:
    description:
      - The earlier instant, such as C(2026-01-31T12:00:00Z); or a duration before the later one, such as C(2d).
    type: str
    required: true
  until:
    description:
      - The later instant. By default the present.
    type: str
  packages:
    description:
      - Whether to compare packages and configuration of images whose digest changed.
    type: bool
    default: true
  platform:
    description:
      - The platform whose packages are compared, such as C(linux/arm64). By default C(linux/amd64), or the first one of the
        image.
    type: str
  signed:
    description:
      - Whether one of the O(signers) must have signed the packages that are compared, which cosign verifies. If not, they are not
        returned, and the task fails, with the moves of all images.
    type: bool
extends_documentation_fragment:
  - cgr.images.settings
  - cgr.images.attributes
  - cgr.images.attributes.info
seealso:
  - module: cgr.images.digest_info
"""

EXAMPLES = r"""
- name: List what moved between Monday and Tuesday
  cgr.images.changes_info:
    images:
      - cgr.dev/chainguard/nginx:latest
      - cgr.dev/chainguard/python:latest-dev
    since: "2024-05-27"
    until: "2024-05-28T12:00:00Z"
    packages: false
  run_once: true
  register: changes

- name: Show which image moved last, and to which digests
  ansible.builtin.debug:
    msg: "{{ changes.images[0].image }}: {{ changes.images[0].moves | map(attribute='digest') | join(', ') }}"
"""

RETURN = r"""
since:
  description: The earlier instant, in UTC.
  returned: if the arguments are valid
  type: str
until:
  description: The later instant, in UTC.
  returned: if the arguments are valid
  type: str
images:
  description: The images, the one that moved last first. Those that did not move are at the end.
  returned: if the arguments are valid
  type: list
  elements: dict
  contains:
    image:
      description: The image with its tag.
      type: str
      sample: cgr.dev/chainguard/python:latest-dev
    old:
      description: The digest at the earlier instant; none if the tag did not exist yet.
      type: str
    new:
      description: The digest at the later instant.
      type: str
    pinned:
      description: The digests to which the image is pinned in the lock file or in the files.
      type: list
      elements: str
    builds:
      description: How many times the tag moved.
      type: int
    moves:
      description:
        - The moves, the earliest first, each with its C(digest), when the tag moved to it (C(updated_at)), and if it returned to
          an earlier digest, when it had left that (C(returned)).
      type: list
      elements: dict
    platform:
      description: The platform whose packages were compared.
      type: str
    packages:
      description:
        - The packages that are C(added) and C(removed), each with its version, those that are C(updated), each with the old and
          the new version, and the names of those that are C(downgraded).
        - None if the digest is the same, or if the publisher does not attest the packages of both builds.
      type: dict
    config:
      description: The old and the new value of each part of the configuration that differs; none if it is not known.
      type: dict
    size:
      description: The old and the new size of the layers for the platform, compressed, in bytes.
      type: list
      elements: int
    created:
      description: When the builds were created, in UTC, by their annotations.
      type: list
      elements: str
    verified:
      description: Whether the attestations were verified, rather than taken as published.
      type: bool
    warnings:
      description: What you should look at.
      type: list
      elements: str
failed_images:
  description: Why some of the images could not be looked up, by their names. The task then fails.
  returned: if some images could not be looked up
  type: dict
error_code:
  description: Why the arguments are not valid, as one word.
  returned: if the arguments are not valid
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.cgr.images.plugins.module_utils._changes_info import ARGUMENTS


def main() -> None:
    """Says that there is nothing to run on a host."""
    module = AnsibleModule(supports_check_mode=True, **ARGUMENTS)
    module.fail_json(msg="changes_info runs on the controller; its action plugin is missing here.")


if __name__ == "__main__":
    main()
