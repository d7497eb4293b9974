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
      - It is sent to the registry and nowhere else. Public images (C(cgr.dev/chainguard/...)) need no credentials.
    type: str
  username:
    description:
      - The name of a pull token. Needs O(password).
    type: str
  password:
    description:
      - The secret of a pull token. Needs O(username).
    type: str
  identity:
    description:
      - The UIDP of an assumable identity. An OIDC token is exchanged for a token then, without C(chainctl).
      - In GitHub Actions the OIDC token is asked of the job; elsewhere give O(identity_token) or O(identity_token_file).
    type: str
  identity_token:
    description:
      - The OIDC token with which to assume O(identity).
    type: str
  identity_token_file:
    description:
      - A file that holds the OIDC token with which to assume O(identity).
    type: path
  credentials:
    description:
      - V(anonymous) uses no credentials at all.
      - By default, whatever is signed in for C(docker pull) or C(podman pull) is used, else C(chainctl).
    type: str
    choices:
      - anonymous
  registry:
    description:
      - The address at which C(cgr.dev) is looked up, if it is another. By default V(https://cgr.dev).
      - It must begin with C(https://), or may begin with C(http://) for a loopback host.
    type: str
  issuer:
    description:
      - The address at which OIDC tokens are exchanged, if it is another. By default V(https://issuer.enforce.dev).
    type: str
  timeout:
    description:
      - How long one image may take, in seconds. By default V(30).
    type: float
  concurrency:
    description:
      - How many images of a set are looked up at the same time, from 1 to 64. By default V(16).
    type: int
  cache:
    description:
      - A folder in which to keep what can never change, the answers to instants that have passed. It is made where there is none.
      - By default nothing is kept from one run to the next. Within a run, the same question is asked once.
    type: path
  mirrors:
    description:
      - What other registries call images of C(cgr.dev), such as C(registry.example.com/cgr) for C(cgr.dev/acme.com).
      - An image is looked up at C(cgr.dev) then, and written with its own name; the mirror is asked nothing. The longest
        name counts.
      - A dictionary of names there and names on C(cgr.dev); both may be a registry alone, or go down to a repository. As
        text, it is C(registry.example.com/cgr=cgr.dev/acme.com), with more behind commas.
    type: raw
  lock:
    description:
      - A file with pins, as C(cgr-images lock) writes it, such as C(cgr.lock.json). Images are answered out of it, without a
        network and without credentials, and what it lacks is refused. Nothing (V("")) uses none.
      - A relative path is looked for where the files of a task are, in C(files) of the role and beside the playbook.
    type: str
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
  username:
    vars:
      - name: cgr_username
    env:
      - name: CGR_USERNAME
  password:
    vars:
      - name: cgr_password
    env:
      - name: CGR_PASSWORD
  identity:
    vars:
      - name: cgr_identity
    env:
      - name: CGR_IDENTITY
  identity_token:
    vars:
      - name: cgr_identity_token
    env:
      - name: CGR_IDENTITY_TOKEN
  identity_token_file:
    vars:
      - name: cgr_identity_token_file
    env:
      - name: CGR_IDENTITY_TOKEN_FILE
  credentials:
    vars:
      - name: cgr_credentials
    env:
      - name: CGR_CREDENTIALS
  registry:
    vars:
      - name: cgr_registry
    env:
      - name: CGR_REGISTRY
  issuer:
    vars:
      - name: cgr_issuer
    env:
      - name: CGR_ISSUER
  timeout:
    vars:
      - name: cgr_timeout
    env:
      - name: CGR_TIMEOUT
  concurrency:
    vars:
      - name: cgr_concurrency
    env:
      - name: CGR_CONCURRENCY
  cache:
    vars:
      - name: cgr_cache
    env:
      - name: CGR_CACHE
  mirrors:
    vars:
      - name: cgr_mirrors
    env:
      - name: CGR_MIRRORS
  lock:
    vars:
      - name: cgr_lock
    env:
      - name: CGR_LOCK
"""
