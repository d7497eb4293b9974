# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The lock file: updating, verifying and merging it, and what files use of it."""
