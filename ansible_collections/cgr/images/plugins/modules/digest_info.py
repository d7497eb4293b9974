#!/usr/bin/python
# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module digest_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: digest_info
short_description: Look up the digest of a Chainguard image at an instant, or of its latest build
version_added: 0.1.0
description:
  - Looks up, in the tag history of the registry C(cgr.dev), which digest the tag of an image pointed at.
  - With O(at), it returns the digest at that instant, which never changes. Without it, it returns the digest of the latest
    build.
  - The digest is that of the index, which holds the image for every platform, as the tag does.
  - Other options choose a build by its age, go back a number of builds, or exclude builds known to be bad.
  - A run of Ansible has one present. The first query that follows a tag sets it, by the registry's clock, and every later
    one is resolved as of it, in all plugins of this collection and on all hosts, even if a tag moves meanwhile. A session of
    C(ansible-console) is one run.
  - The variable C(cgr_at) sets the present, such as C(ansible-playbook -e cgr_at=2026-01-31T12:00:00Z). Minimum ages count
    from it.
  - The same query is resolved once in a run. A failure is shared, too, for as long as it would take to repeat.
  - It runs on the controller, without a connection to the host. For many hosts, run it once, with C(run_once=true) and
    C(register).
  - With C(delegate_to) another host than the controller, it runs there, and shares neither results nor the present with the
    rest of the run.
author:
  - the pulumi-cgr authors (@pulumi-cgr)
options:
  image:
    description:
      - The image, C(cgr.dev/ORG/IMAGE[:TAG]); without a tag it means C(latest).
      - An image that is already pinned (C(...@sha256:...)) is returned as it is, without a request.
    type: str
  images:
    description:
      - Several images, as a list, or as a dictionary by keys of your own. Each is like O(image), or a dictionary of O(image)
        and options of its own, such as O(min_age), in place of those beside O(images).
      - If one of them cannot be resolved, the task fails.
    type: raw
  changes_from:
    description:
      - A build to compare with, such as the one that is deployed - its digest, or a reference with it. RV(changes) then says
        what is different in the build that was chosen.
      - If the publisher does not attest the packages, a warning says so, and the task does not fail. With O(signed), cosign
        verifies who signed the packages, and if that is not possible, the task fails.
    type: str
extends_documentation_fragment:
  - cgr.images.rule
  - cgr.images.rule.current
  - cgr.images.settings
  - cgr.images.attributes
  - cgr.images.attributes.info
attributes:
  platform:
    description: The operating systems of the controller, and of hosts to which it is delegated.
notes:
  - Hosts to which a task is delegated need Python 3.9 or newer and the Python library requests.
seealso:
  - plugin: cgr.images.ref
    plugin_type: lookup
    description: Looks up the same in a template.
  - plugin: cgr.images.pin
    plugin_type: filter
    description: Writes the result into a manifest.
"""

EXAMPLES = r"""
- name: Look up what the tag pointed at on the first of June
  cgr.images.digest_info:
    image: cgr.dev/chainguard/python:latest-dev
    at: "2024-06-01T00:00:00Z"
  run_once: true
  register: python

- name: Show the reference to deploy
  ansible.builtin.debug:
    msg: "{{ python.ref }}"

- name: Look up the latest builds of several images
  cgr.images.digest_info:
    images:
      - cgr.dev/chainguard/nginx:latest
      - cgr.dev/chainguard/php:latest-dev
  register: latest

- name: Write a manifest with all of them pinned
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', 'deployment.yaml') | cgr.images.pin([python, latest]) }}"
    dest: out/deployment.yaml
    mode: "0644"

- name: Look up a whole release as of one instant, with builds that are at least a week old
  cgr.images.digest_info:
    images:
      web: cgr.dev/chainguard/nginx:latest
      app:
        image: cgr.dev/chainguard/php:latest-dev
        min_age: 3d
    min_age: 7d
  register: release

- name: Show a reference of the release
  ansible.builtin.debug:
    msg: "{{ release.refs.web }} as of {{ release.at }}"

- name: See what the newest build changes, compared with the one that is deployed
  cgr.images.digest_info:
    image: cgr.dev/chainguard/nginx:latest
    changes_from: cgr.dev/chainguard/nginx:latest@sha256:1a01e891696587501b097645d4feead0e0c512f7919481a10115d01bc1e94d27
  register: newest

- name: Show the packages that are different
  ansible.builtin.debug:
    var: newest.changes.packages

- name: Go back one build, and never to one that is known to be bad
  cgr.images.digest_info:
    image: cgr.dev/chainguard/python:latest-dev
    builds_back: 1
    exclude:
      - sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675
"""

RETURN = r"""
image:
  description: The image as it was written.
  returned: success, with O(image)
  type: str
  sample: cgr.dev/chainguard/python:latest-dev
repository:
  description: The registry and the repository's name, such as C(cgr.dev/acme.com/python).
  returned: success, with O(image)
  type: str
  sample: cgr.dev/chainguard/python
tag:
  description: The tag; none for an image that was pinned by its digest alone.
  returned: success, with O(image)
  type: str
  sample: latest-dev
digest:
  description:
    - The digest the tag pointed at, which is that of the index for all platforms; or that of the image for the O(platform)
      that was asked for.
  returned: success, with O(image)
  type: str
  sample: sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675
ref:
  description: The reference to deploy, C(repository:tag@digest).
  returned: success, with O(image)
  type: str
  sample: cgr.dev/chainguard/python:latest-dev@sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675
platform:
  description: The platform that was asked for, such as C(linux/arm64); none if none was.
  returned: success, with O(image) and O(platform)
  type: str
  sample: linux/arm64
index:
  description: The digest that the tag pointed at, also if the image for a platform was asked for.
  returned: success, with O(image) and O(platform)
  type: str
  sample: sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675
platforms:
  description:
    - The digests of the images for the platforms; empty for a single image, or if they were not asked for.
  returned: success, with O(image), and O(platform), O(pullable), O(check_mirror) or O(details)
  type: dict
  sample:
    linux/amd64: sha256:0f6b2a4c1a5ef0c4df8c9a1bd1c5a3d0f9a1c36b6d4f0e1a2b3c4d5e6f708192
created:
  description: When it was built, in UTC; none if it does not say, or was not asked.
  returned: success, with O(image), and O(platform), O(pullable), O(check_mirror) or O(details)
  type: str
  sample: "2024-05-31T00:00:00Z"
updated_at:
  description: When the tag moved to the digest, in UTC; none for an image that was already pinned.
  returned: success, with O(image)
  type: str
  sample: "2024-06-01T00:00:00Z"
at:
  description:
    - The instant asked for, in UTC; none for the present, which is then the present of the run. Null if nothing was looked
      up.
    - With O(images), the one instant of all of them.
  returned: success
  type: str
  sample: "2024-06-01T00:00:00Z"
reason:
  description: Why this build was chosen, for a person.
  returned: success, with O(image)
  type: str
  sample: "the latest build: the tag moved to it at 2026-08-21T01:29:22Z"
previous:
  description: The build before this one, if it was read, with its C(digest) and when the tag moved to it (C(updated_at)).
  returned: success, with O(image)
  type: dict
next:
  description:
    - The build after this one, with its C(digest) and when the tag moved to it (C(updated_at)).
    - None if no later build exists, or if RV(is_next_known) is false.
  returned: success, with O(image)
  type: dict
is_next_known:
  description: Whether the history was read up to the next build, or to the present. If not, there may be a later build.
  returned: success, with O(image)
  type: bool
active_seconds:
  description: How many seconds the tag pointed at this build; none if no later build was read.
  returned: success, with O(image)
  type: int
  sample: 187200
signed:
  description:
    - Who signed the digest, and when. Returned only if O(signed) is true.
    - A dictionary with C(by), C(issuer), C(logged) and C(kind).
  returned: success, with O(image) and O(signed)
  type: dict
  sample:
    by: https://github.com/chainguard-images/images/.github/workflows/release.yaml@refs/heads/main
    issuer: https://token.actions.githubusercontent.com
    kind: legacy
    logged: "2024-06-01T00:00:05Z"
images:
  description:
    - The results of the images, each with the values above.
    - A list in their order, or a dictionary by their keys, as O(images) was.
  returned: success, with O(images)
  type: raw
digests:
  description: The digests, as a list or a dictionary, as O(images) was.
  returned: success, with O(images)
  type: raw
refs:
  description: The references to deploy, as a list or a dictionary, as O(images) was.
  returned: success, with O(images)
  type: raw
changes:
  description: The difference from the build in O(changes_from).
  returned: success, with O(changes_from)
  type: dict
  contains:
    old:
      description: The digest of the build in O(changes_from).
      type: str
    new:
      description: The digest of the build that was chosen.
      type: str
    platform:
      description: The platform whose packages were compared, by default C(linux/amd64).
      type: str
    builds_between:
      description: How many builds the tag pointed at between them; none if its history does not have both.
      type: int
    packages:
      description:
        - The packages that are C(added) and C(removed), each with its version, those that are C(updated), each with the old and
          the new version, and the names of those that are C(downgraded).
        - None if the publisher does not attest the packages of both builds.
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
failed_images:
  description: Why some of the images cannot be resolved, by their keys, each with C(msg) and C(error_code).
  returned: failure, with O(images)
  type: dict
error_code:
  description:
    - Why the task fails, as one word that stays the same between versions.
    - An argument or a variable is wrong - V(invalid), V(invalid_image), V(invalid_at), V(invalid_rule).
    - No build matches - V(unknown_organisation), V(unknown_repository), V(unknown_tag), V(before_first_build),
      V(no_build_fits), V(unknown_platform), V(gone).
    - The credentials do not suffice - V(not_signed_in), V(broken_credentials), V(wrong_audience), V(credentials_expired),
      V(credentials_refused), V(not_entitled), V(denied_by_policy).
    - The registry does not answer - V(unavailable).
    - The registry's answer cannot be trusted - V(untrustworthy_answer).
    - The image is not signed as O(signed) requires - V(not_signed), V(signature_refused).
    - The Python library requests, or cosign for O(signed), is not installed - V(missing_dependency).
    - The lock file does not contain the image, does not exist or is malformed - V(not_locked), V(invalid_lock).
    - Several images failed for different reasons, which are in RV(failed_images) - V(several_failed).
  returned: failure
  type: str
  sample: unknown_tag
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.cgr.images.plugins.module_utils._digest_info import ARGUMENTS, failed, look_up
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import CgrError


def main() -> None:
    """Runs the module."""
    module = AnsibleModule(supports_check_mode=True, **ARGUMENTS)
    try:
        result, warnings = look_up(module.params)
    except CgrError as error:
        module.fail_json(**failed(error))
        return
    for warning in warnings:
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
