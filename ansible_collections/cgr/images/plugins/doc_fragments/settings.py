# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every plugin documents the access to the registry.  Made by `make docs` from the declarations in module_utils."""

from __future__ import annotations


class ModuleDocFragment:
    """The settings, for modules and, in `LOOKUP`, for lookups."""

    DOCUMENTATION = r"""
options:
  token:
    description:
      - A Chainguard token with the audience C(cgr.dev), as printed by C(chainctl auth token --audience cgr.dev).
      - It is sent to the registry and nowhere else. Public images (C(cgr.dev/chainguard/...)) need no credentials.
    type: str
  username:
    description:
      - The user name of a pull token. Requires O(password).
    type: str
  password:
    description:
      - The password of a pull token. Requires O(username).
    type: str
  identity:
    description:
      - The UIDP of an assumable identity. An OIDC token is exchanged for a Chainguard token, without C(chainctl).
        GitHub Actions provides the OIDC token; elsewhere, set O(identity_token) or O(identity_token_file).
    type: str
  identity_token:
    description:
      - The OIDC token to exchange for O(identity).
    type: str
  identity_token_file:
    description:
      - A file with the OIDC token to exchange for O(identity).
    type: path
  credentials:
    description:
      - V(anonymous) sends no credentials. By default, the credentials of C(docker pull) and C(podman pull) are used,
        then those of C(chainctl).
    type: str
    choices:
      - anonymous
  registry_url:
    description:
      - The URL of the registry to ask in place of C(cgr.dev). By default C(https://cgr.dev).
      - It must begin with C(https://), or may begin with C(http://) for a loopback host.
    type: str
    aliases:
      - registry
  issuer:
    description:
      - The URL at which OIDC tokens are exchanged. By default C(https://issuer.enforce.dev).
    type: str
  timeout:
    description:
      - How long resolving one image may take, in seconds. By default V(30).
    type: float
  concurrency:
    description:
      - How many images of a set are resolved at the same time, from 1 to 64. By default V(16).
    type: int
  cache:
    description:
      - >-
        A directory to cache what can never change: the results for instants in the past. It is created if it does not
        exist. By default, nothing is kept from one run to the next.
      - Within a run, the same query is resolved once without it.
    type: path
  mirrors:
    description:
      - >-
        Registries that mirror C(cgr.dev): their names, and what they stand for, such as C(registry.example.com/cgr)
        for C(cgr.dev/acme.com). An image is resolved at C(cgr.dev) and written with the name of its mirror; the
        mirror is not asked. The longest matching prefix wins.
      - A dictionary; both names may be a registry alone, or go down to a repository. As text, it is
        C(registry.example.com/cgr=cgr.dev/acme.com), with commas between several.
    type: raw
  lock:
    description:
      - A lock file, as written by C(cgr-images lock), such as C(cgr.lock.json). Images are resolved from it, without
        a network and without credentials; an image that it does not contain is an error. An empty value (V("")) uses
        no lock file.
      - >-
        A relative path is searched where the files of a task are searched: in C(files) of the role and beside the
        playbook. A file that does not exist is an error.
    type: str
  signers:
    description:
      - >-
        Who may sign the images below a prefix of repositories, such as C(cgr.dev/acme.com): O(issuer) and
        C(identities), which are compared exactly. The longest matching prefix wins; the signer of
        C(cgr.dev/chainguard) is known.
      - A dictionary from prefixes, such as C(cgr.dev/acme.com), to dictionaries with C(issuer) and C(identities), or
        the same as JSON text.
    type: raw
  trusted_root:
    description:
      - A file with the keys of the Sigstore services that are trusted, as written by C(cosign trusted-root create).
        By default, cosign gets that of the public Sigstore from the network, once for a run.
    type: path
  cosign:
    description:
      - The program that verifies signatures. By default, O(cosign) is searched on C(PATH).
    type: path
requirements:
  - requests (Python library) where the plugin runs
  - cosign 3.1.1 or newer where the plugin runs, for O(signed)
notes:
  - An option about the access to the registry that is not given is taken from the variable with its name after C(cgr_), such
    as C(cgr_token), then from the environment variable, such as C(CGR_TOKEN). An empty value means the default.
  - The environment variables are those of the controller. The keyword C(environment) of a task does not reach plugins on the
    controller.
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
  registry_url:
    vars:
      - name: cgr_registry_url
      - name: cgr_registry
    env:
      - name: CGR_REGISTRY_URL
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
  signed:
    vars:
      - name: cgr_signed
    env:
      - name: CGR_SIGNED
  signers:
    vars:
      - name: cgr_signers
    env:
      - name: CGR_SIGNERS
  trusted_root:
    vars:
      - name: cgr_trusted_root
    env:
      - name: CGR_TRUSTED_ROOT
  cosign:
    vars:
      - name: cgr_cosign
    env:
      - name: CGR_COSIGN
"""
