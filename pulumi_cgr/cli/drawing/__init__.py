# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a tag history."""
