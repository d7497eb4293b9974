#!/usr/bin/python
# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pinned_files: documentation; what it does, its action plugin does."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pinned_files
short_description: Pins the Chainguard images in files to digests, or updates their digests
version_added: 0.1.0
description:
  - Finds the images of C(cgr.dev) in files on the controller, looks all of them up at one instant, and writes each as
    C(repository:tag@digest). A digest that is there already is updated, with O(min_age) never to an older build; the tag stays.
  - Only the bytes of digests change. Line ends, quotes, indentation, comments and all else stay.
  - It reads Kubernetes manifests of any kind, Kustomize, Compose, Helm values, ko, GitHub Actions and GitLab CI, in YAML;
    Dockerfiles; Terraform, Nomad jobs and Docker Bake, in HCL; Makefiles, shell scripts, C(.env) files, Earthfiles, quadlets of
    Podman, Jenkinsfiles and TOML. The page file-formats of the project's documentation lists them.
  - Helm values and entries of Kustomize with an image in parts get the digest into their field C(digest), if they have one,
    even an empty one; else behind the tag, as C(tag@digest).
  - An image with a digest alone, one that a template makes a part of, one that is built or pushed, and one in a place where an
    image is not expected are skipped, and reported. So is one without a tag, unless the format says that this means C(latest).
  - A comment C(cgr-images:) V(ignore), in the line of an image or alone above it, or alone above the block that it is in, skips
    the image.
  - All of the images are looked up before the first file is written. If one has no answer, no file changes.
  - Each file is written in one step, with its mode and owner. A file that cannot be read as what its name says, is not UTF-8,
    or was changed meanwhile stays as it is, and the task fails when it has written the others. Templates, such as those of Helm
    charts, are reported. They are a failure only if they are named.
  - Several hosts of a run wait for one another.
  - It runs on the controller, without a connection to the host.
author:
  - the pulumi-cgr authors (@pulumi-cgr)
options:
  paths:
    description:
      - Files, which are read whatever their names are, and folders, in which files are looked for.
      - A path is relative to the folder of the playbook.
      - Symbolic links in a folder are followed only as far as they lead to something below one of the paths.
    type: list
    elements: path
    required: true
  patterns:
    description:
      - Which files of the folders are read, as shell patterns for a name, such as C(*.yaml), or for a path from the folder on,
        such as C(deploy/*.yaml).
      - By default the files of all formats that are read.
    type: list
    elements: str
  exclude_patterns:
    description:
      - Which files and folders are left out, in the form of O(patterns).
    type: list
    elements: str
  gitignore:
    description:
      - Whether files that git ignores are left out, where a folder is in a git work tree. A file that is named never is.
      - It takes C(git), or the Python library C(pathspec); where neither is installed, a warning says so.
    type: bool
    default: true
  strict:
    description:
      - Whether the task fails if an image of ours is skipped, unless a comment says to ignore it.
    type: bool
    default: false
extends_documentation_fragment:
  - cgr.images.rule
  - cgr.images.settings
  - cgr.images.attributes
attributes:
  check_mode:
    description: Can run in check mode, and then tells what it would change.
    support: full
  diff_mode:
    description: Shows each file before and after.
    support: full
requirements:
  - PyYAML (Python library), which ansible-core needs as well
notes:
  - Helm values that set only the tag of an image, over a base that holds a digest, are not seen together with that base. Set
    the digest in the same place.
seealso:
  - module: cgr.images.digest_info
  - plugin: cgr.images.pin
    plugin_type: filter
    description: Pins in a text or in data, without a file.
"""

EXAMPLES = r"""
- name: Pin what is deployed to what the tags pointed at on the first of June
  cgr.images.pinned_files:
    paths:
      - files
    at: 2024-06-01
  register: pins

- name: Show what was pinned
  ansible.builtin.debug:
    msg: "{{ item.file }}:{{ item.line }} {{ item.image }} {{ item.status }}"
  loop: "{{ pins.images }}"

- name: Tell whether there are newer builds, which have been out for a week, and change nothing
  cgr.images.pinned_files:
    paths:
      - files/deployment.yaml
    min_age: 7d
  check_mode: true
"""

RETURN = r"""
images:
  description: The images that were found, by file and line.
  returned: if the images could be resolved
  type: list
  elements: dict
  contains:
    file:
      description: The path of the file.
      type: str
    line:
      description: The line, counted from 1.
      type: int
    image:
      description: The image, without its digest.
      type: str
      sample: cgr.dev/chainguard/python:latest-dev
    status:
      description:
        - V(pinned) for an image that had no digest, V(updated) for one that had another, V(unchanged) for one that had the
          same, and V(skipped) for one that was not looked up.
      type: str
    old_digest:
      description: The digest that the file held, if it did.
      type: str
    old_updated_at:
      description: When the tag moved to that digest, in UTC, if that was seen.
      type: str
    new_digest:
      description: The digest that the file holds now. None for an image that was skipped.
      type: str
    new_updated_at:
      description: When the tag moved to that digest, in UTC.
      type: str
    reason:
      description: Why this build, or why the image was skipped.
      type: str
files:
  description: The files that changed; in check mode, those that would.
  returned: if the images could be resolved
  type: list
  elements: str
problems:
  description: What could not be read or written, each with its C(file), C(line) and C(reason).
  returned: if the images could be resolved
  type: list
  elements: dict
exit_status:
  description:
    - What the command C(cgr-images pin) would end with. V(0) if all is as it should be, V(1) if something would change in check
      mode, V(2) if something could not be read or written, V(3) if an image was skipped with O(strict).
  returned: if the images could be resolved
  type: int
at:
  description: The one instant of all the answers, in UTC; none where there was nothing to look up.
  returned: if the images could be resolved
  type: str
  sample: "2024-06-01T00:00:00Z"
failed_images:
  description: Why some of the images have no answer, by the places where they are, each with C(msg) and C(error_code).
  returned: failure
  type: dict
error_code:
  description: Why nothing was done, as one word that stays the same between versions.
  returned: failure
  type: str
  sample: unknown_tag
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.cgr.images.plugins.module_utils._pinned_files import ARGUMENTS


def main() -> None:
    """Says that there is nothing to run on a host."""
    module = AnsibleModule(supports_check_mode=True, **ARGUMENTS)
    module.fail_json(msg="pinned_files changes files on the controller; its action plugin is missing here.")


if __name__ == "__main__":
    main()
