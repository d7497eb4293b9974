#!/usr/bin/python
# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module digest_info: documentation, and a call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: digest_info
short_description: The digest of a Chainguard image at an instant, or at its latest build
version_added: 0.1.0
description:
  - Looks up, in the tag history of the registry C(cgr.dev), which digest the tag of an image pointed at.
  - With O(at), the digest is that of the instant, and stays the same for good. Without, it is that of the latest build.
  - The answer is the digest of the index, which holds the image for every platform, just as the tag does.
  - Other rules choose a build by its age, go back by a number of builds, or leave known-bad ones out.
  - Within one run of Ansible, the same question gets the same answer, on all hosts and from all plugins of this collection,
    and is asked once; even if the tag moves meanwhile.
  - It runs on the controller, without a connection to the host. With C(delegate_to) another host than the controller, it
    runs there, and knows nothing of what was asked elsewhere.
author:
  - the pulumi-cgr authors (@pulumi-cgr)
options:
  image:
    description:
      - The image, C(cgr.dev/ORG/IMAGE[:TAG]); the tag is C(latest) where none is written.
      - An image that is pinned already (C(...@sha256:...)) is answered as it stands, without a request.
    type: str
  images:
    description:
      - Several images, as a list, or as a dictionary by keys of your own. Each is as O(image), or is a dictionary of O(image)
        and a rule of its own, in place of the one beside O(images).
      - All that have no O(at) are looked up at one instant, by the registry's clock. All of them are answered, or none.
    type: raw
extends_documentation_fragment:
  - cgr.images.rule
  - cgr.images.rule.current
  - cgr.images.settings
attributes:
  action_group:
    description: The group for C(module_defaults).
    membership:
      - cgr.images.images
    support: full
  check_mode:
    description: Can run in check mode, and does the same there, for it changes nothing.
    support: full
  diff_mode:
    description: Has no differences to show, for it changes nothing.
    support: none
notes:
  - Where an option that says how the registry is reached is not given, the variable of its name with C(cgr_) before it is
    taken, such as C(cgr_token), then the environment variable, such as C(CGR_TOKEN).
seealso:
  - plugin: cgr.images.ref
    plugin_type: lookup
    description: The same answer inside of a template.
  - plugin: cgr.images.pin
    plugin_type: filter
    description: Writes the answer into a manifest.
"""

EXAMPLES = r"""
- name: Look up what the tag pointed at on the first of June
  cgr.images.digest_info:
    image: cgr.dev/chainguard/python:latest-dev
    at: 2024-06-01T00:00:00Z
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

- name: Look up a whole release at one instant, by builds that are a week old
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

- name: Go back by one build, and never to one that is known to be bad
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
  description: The digest the tag pointed at, which is that of the index for all platforms.
  returned: success, with O(image)
  type: str
  sample: sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675
ref:
  description: The reference to deploy, C(repository:tag@digest).
  returned: success, with O(image)
  type: str
  sample: cgr.dev/chainguard/python:latest-dev@sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675
updated_at:
  description: When the tag moved to the digest, in UTC; none for an image that was already pinned.
  returned: success, with O(image)
  type: str
  sample: "2024-06-01T00:00:00Z"
at:
  description:
    - The instant asked for, in UTC; none for the present.
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
  description: The build after this one, if there was one, with its C(digest) and when the tag moved to it (C(updated_at)).
  returned: success, with O(image)
  type: dict
active_seconds:
  description: How many seconds the tag pointed at this build; none if no later build was read.
  returned: success, with O(image)
  type: int
  sample: 187200
images:
  description:
    - One answer for each of the images, each with the values above.
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
failed_images:
  description: Why some of the images have no answer, by their keys, each with C(msg) and C(error_code).
  returned: failure, with O(images)
  type: dict
error_code:
  description:
    - Why there is no answer, as one word that stays the same between versions.
    - What was asked is wrong - V(invalid), V(invalid_image), V(invalid_at), V(invalid_rule).
    - There is nothing that fits - V(unknown_organisation), V(unknown_repository), V(unknown_tag), V(before_first_build),
      V(no_build_fits).
    - The credentials do not suffice - V(not_signed_in), V(broken_credentials), V(wrong_audience), V(credentials_expired),
      V(credentials_refused), V(not_entitled), V(denied_by_policy).
    - The registry does not answer - V(unavailable).
    - The registry's answer cannot be believed - V(untrustworthy_answer).
    - The Python library requests is not installed - V(missing_dependency).
    - The lock has no answer, or is none - V(not_locked), V(invalid_lock).
    - Several images failed for different reasons, which are in RV(failed_images) - V(several_failed).
  returned: failure
  type: str
  sample: unknown_tag
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.cgr.images.plugins.module_utils._digest_info import ARGUMENTS, look_up


def main() -> None:
    """Runs the module."""
    module = AnsibleModule(supports_check_mode=True, **ARGUMENTS)
    result, warnings = look_up(module.params)
    for warning in warnings:
        module.warn(warning)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
