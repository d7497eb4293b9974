# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every plugin says about how the registry is reached."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that say how the registry is reached, for modules and, in `LOOKUP`, for lookups."""

    DOCUMENTATION = r"""
options:
  token:
    description:
      - A Chainguard token of audience C(cgr.dev), as C(chainctl auth token --audience cgr.dev) prints it.
      - Not needed for public images (C(cgr.dev/chainguard/...)).
      - It is sent to the registry and nowhere else.
    type: str
  registry:
    description:
      - The address at which C(cgr.dev) is looked up, if it is another, such as that of a registry for tests.
      - It must begin with C(https://), or may begin with C(http://) for a loopback host.
    type: str
  timeout:
    description:
      - How long one image may take, in seconds.
    type: float
requirements:
  - requests (Python library) where the plugin runs
"""

    LOOKUP = r"""
options:
  token:
    vars:
      - name: cgr_token
    env:
      - name: CGR_TOKEN
  registry:
    vars:
      - name: cgr_registry
    env:
      - name: CGR_REGISTRY
  timeout:
    vars:
      - name: cgr_timeout
    env:
      - name: CGR_TIMEOUT
"""
