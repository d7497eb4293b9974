# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pins in files: manifests, Compose files, Dockerfiles, Helm values and the like.  Needs requests, and PyYAML.

    >>> from pulumi_cgr.files import pin_files
    >>> from pulumi_cgr.resolver import Resolver
    >>> print(pin_files(Resolver(), ["deploy"], rule={"min_age": "7d"}).table())

The code lives beside the resolver in the Ansible collection; this is the one place that reaches over.
"""

from ansible_collections.cgr.images.plugins.module_utils._files.formats import PATTERNS
from ansible_collections.cgr.images.plugins.module_utils._files.matcher import Names
from ansible_collections.cgr.images.plugins.module_utils._files.occurrence import Spot
from ansible_collections.cgr.images.plugins.module_utils._files.pin import FILE_RULES, OnChange, pin_files
from ansible_collections.cgr.images.plugins.module_utils._files.report import (
    LEFT,
    PINNED,
    UNCHANGED,
    UPDATED,
    Problem,
    Report,
    Row,
)
from ansible_collections.cgr.images.plugins.module_utils._files.scan import Read, Survey, survey

__all__ = [
    "FILE_RULES",
    "LEFT",
    "PATTERNS",
    "PINNED",
    "UNCHANGED",
    "UPDATED",
    "Names",
    "OnChange",
    "Problem",
    "Read",
    "Report",
    "Row",
    "Spot",
    "Survey",
    "pin_files",
    "survey",
]
