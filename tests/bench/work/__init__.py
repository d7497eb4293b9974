# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of work that are measured."""
