# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pulumi: what the resources, functions and providers share."""
