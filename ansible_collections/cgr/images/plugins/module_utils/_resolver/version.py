# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The version, for the User-Agent header and `cgr-images --version`.

It is a constant, because neither galaxy.yml nor package metadata is there on a host to which Ansible ships this code.  It is
the version in galaxy.yml: a test compares them, and `make release` writes both.
"""

VERSION = "0.1.0"
