# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A source of histories by the API that is proposed for the OCI distribution specification: the interface, used by another source.

Bounds there are exclusive, so a second more is asked for at both ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import requests

from ansible_collections.cgr.images.plugins.module_utils._resolver.model.build import Build, Page
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import SECOND, Instant
from pulumi_cgr.testing.oci_tag_history import DELETED, EVENT, TIMESTAMP


@dataclass(frozen=True)
class OciSource:
    """One tag's history.

    Attributes:
        url: the registry's URL.
        name: the repository.
        tag: the tag.
        headers: the headers to send.
        known_since: the instant before which this registry kept no history.
    """

    url: str
    name: str
    tag: str
    headers: dict[str, str]
    known_since: Instant | None = None

    def between(self, start: Instant, end: Instant | None) -> Page:
        """Returns the page; see `HistorySource`."""
        bounds = {"since": str(start + -SECOND), **({"before": str(end + SECOND)} if end else {})}
        url = f"{self.url}/v2/{self.name}/_oci/tag-history/{self.tag}"
        response = requests.get(url, bounds, headers=self.headers, timeout=10)
        response.raise_for_status()
        builds, deletions = [], []
        for event in response.json()["manifests"]:
            moment = Instant.parse(event["annotations"][TIMESTAMP])
            if event["annotations"][EVENT] == DELETED:
                deletions.append(moment)
            else:
                builds.append(Build(moment, event["digest"]))
        now = Instant.of_http_date(response.headers["Date"])
        return Page(tuple(builds), now, tuple(deletions), self.known_since)
