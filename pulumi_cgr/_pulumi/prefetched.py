# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Results that the program looked up ahead, as the JSON text in which the check of a resource receives it.

It is used only for the query and the lock file it was made for: with `ignore_changes`, the engine may check other arguments
than the program gave.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._bridge import Query, error_from_dict, keep_current
from ..resolver import CgrError, Instant, Resolution, Resolutions
from .properties import UPSTREAM


def query_to_dict(query: Query) -> dict[str, Any]:
    """Returns what decides which digest is chosen, as JSON data."""
    reference = query.reference
    upstream = {UPSTREAM: reference.upstream} if reference.is_mirrored else {}
    return {"image": reference.image, **upstream, **query.rule.to_dict()}


def to_text(query: Query, outcome: Resolution | CgrError, lock: str | None) -> str:
    """Returns the outcome of a lookup for one image, in a lock file or (`None`) in the registry."""
    return json.dumps({**_to_dict(query, outcome), "lock": lock})


def set_to_text(queries: Mapping[str, Query], outcome: Resolutions | CgrError, lock: str | None) -> str:
    """Returns the outcome of the lookup of a set, in a lock file or (`None`) in the registry."""
    if isinstance(outcome, CgrError):
        asked = {key: query_to_dict(query) for key, query in queries.items()}
        return json.dumps({"queries": asked, "error": outcome.to_dict(), "lock": lock})
    images = {key: _to_dict(queries[key], resolution) for key, resolution in outcome.resolutions.items()}
    return json.dumps({"at": str(outcome.at) if outcome.at else None, "images": images, "lock": lock})


def prefetched_resolution(text: Any, query: Query, lock: str | None) -> Resolution | None:
    """Reads the outcome of a lookup.

    Args:
        text: the text; anything else means that nothing was looked up.
        query: the query that is being checked, with the pin that is deployed as `current`.
        lock: the lock file in which it is being checked; `None` for the registry.

    Returns:
        The resolution of the query; `None` if another query was looked up, or elsewhere, or too little of the history was
        read to compare it with the deployed pin.

    Raises:
        CgrError: the lookup of this query failed.
    """
    return _resolution(_load(text, lock), query)


def prefetched_resolutions(text: Any, queries: Mapping[str, Query], lock: str | None) -> Resolutions | None:
    """Reads the outcome of the lookup of a set; arguments, result and errors are those of `prefetched_resolution`."""
    data = _load(text, lock)
    if "error" in data:
        if any(query.rule.current and query.rule.checks_build for query in queries.values()):
            return None
        if data["queries"] == {key: query_to_dict(query.with_rule(current=None)) for key, query in queries.items()}:
            raise error_from_dict(data["error"])
        return None
    images = data.get("images", {})
    found = {key: _resolution(images.get(key, {}), query) for key, query in queries.items()}
    resolutions = {key: resolution for key, resolution in found.items() if resolution is not None}
    at = Instant.parse(data["at"]) if data.get("at") else None
    return Resolutions(at, resolutions) if len(resolutions) == len(queries) else None


def _to_dict(query: Query, outcome: Resolution | CgrError) -> dict[str, Any]:
    if isinstance(outcome, CgrError):
        return {"query": query_to_dict(query), "error": outcome.to_dict()}
    resolution = outcome.to_dict()
    if not query.rule.min_age:
        resolution["history"] = None  # only used to compare with the deployed pin, which only min_age does
    return {"query": query_to_dict(query), "resolution": resolution}


def _resolution(data: Mapping[str, Any], query: Query) -> Resolution | None:
    asked = query.with_rule(current=None)
    if data.get("query") != query_to_dict(asked):
        return None
    if "error" in data:
        if query.rule.current and query.rule.checks_build:
            return None  # the deployed build may be kept
        raise error_from_dict(data["error"])
    return keep_current(Resolution.from_dict(asked, data["resolution"]), query)


def _load(text: Any, lock: str | None) -> dict[str, Any]:
    loaded = json.loads(text) if isinstance(text, str) and text.startswith("{") else {}
    return loaded if isinstance(loaded, dict) and loaded.get("lock") == lock else {}
