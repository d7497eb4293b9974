# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pins in files: manifests, Compose files, Dockerfiles, Helm values and the like.  Needs requests, and PyYAML.

    >>> from pulumi_cgr.files import pin_files
    >>> from pulumi_cgr.resolver import Resolver
    >>> print(pin_files(Resolver(), ["deploy"], rule={"min_age": "7d"}).table())

The code lives beside the resolver in the Ansible collection.
"""

from ansible_collections.cgr.images.plugins.module_utils._files.formats import PATTERNS
from ansible_collections.cgr.images.plugins.module_utils._files.matcher import Matcher
from ansible_collections.cgr.images.plugins.module_utils._files.occurrence import Occurrence
from ansible_collections.cgr.images.plugins.module_utils._files.pin import FILE_RULES, pin_files, pin_text
from ansible_collections.cgr.images.plugins.module_utils._files.pinner import OnChange, QueryFor
from ansible_collections.cgr.images.plugins.module_utils._files.report import (
    PINNED,
    SKIPPED,
    UNCHANGED,
    UPDATED,
    Problem,
    Report,
    Row,
)
from ansible_collections.cgr.images.plugins.module_utils._files.scan import ScannedFile, ScanResult, scan, scan_text

__all__ = [
    "FILE_RULES",
    "PATTERNS",
    "PINNED",
    "SKIPPED",
    "UNCHANGED",
    "UPDATED",
    "Matcher",
    "Occurrence",
    "OnChange",
    "Problem",
    "QueryFor",
    "Report",
    "Row",
    "ScanResult",
    "ScannedFile",
    "pin_files",
    "pin_text",
    "scan",
    "scan_text",
]
