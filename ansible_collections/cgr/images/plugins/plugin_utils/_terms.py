# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the lookups that resolves a query, the first time in a run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.utils.display import Display

from ansible_collections.cgr.images.plugins.module_utils._resolver.border import border
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.cache import CacheEntry, CacheKey, Codec
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import CgrError, InvalidArgument
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.resolution import Resolution
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import RULE_NAMES
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolver import Resolver
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import SETTINGS
from ansible_collections.cgr.images.plugins.module_utils._validation import explain, reject_misplaced
from ansible_collections.cgr.images.plugins.plugin_utils._arguments import (
    environment_warning,
    read_options,
    reject_missing_lock,
    unreachable_variables,
)
from ansible_collections.cgr.images.plugins.plugin_utils._run import run_cache, run_present

OPTIONS = (*RULE_NAMES, *(name for setting in SETTINGS for name in setting.names))

display = Display()


class Terms(NamedTuple):
    """The arguments of a lookup, in Python's own types.

    Attributes:
        images: the images.
        options: the options that are given.
        variables: the variables that stand for options.
        lock: where the lock file is; the empty text for none.
        environment: the keyword `environment` of the task.
    """

    images: list[Any]
    options: Mapping[str, Any]
    variables: Mapping[str, Any]
    lock: str
    environment: Any


def resolve_terms(terms: Terms, key: CacheKey) -> dict[str, list[str]]:
    """Resolves the images of a lookup.

    Args:
        terms: the arguments.
        key: the key of the query in the cache of the run.

    Returns:
        The values of each image, by the names of lookups, and the warnings to show.

    Raises:
        AnsibleLookupError: an argument is malformed, or an image cannot be resolved.
    """
    if names := unreachable_variables(terms.environment):
        display.warning(environment_warning("a lookup", names))
    cache = run_cache(terms.options.get("timeout", terms.variables.get("cgr_timeout")))
    try:
        with border(display.vvv, passing=(AnsibleError,)):
            entry = cache.get_or_set(key, lambda: CacheEntry(_resolve(terms)), Codec(dict, _decode))
    except CgrError as error:
        raise AnsibleLookupError(explain(error)) from None  # core would add the cause, the same sentence again
    found: dict[str, list[str]] = entry.value
    return found


def _resolve(terms: Terms) -> dict[str, list[str]]:
    _reject_slips(terms)
    reject_missing_lock(terms.lock, terms.lock)
    options = read_options(terms.options, terms.variables, os.environ)
    settings = {**options.settings, "lock": terms.lock}
    resolver = Resolver(**settings, trace=display.vvv, run_cache=run_cache(), present=run_present(options.present))
    resolutions = _resolutions(resolver, terms.images, options.rule)
    return {
        "digest": [resolution.digest for resolution in resolutions],
        "ref": [resolution.ref for resolution in resolutions],
        "warnings": [warning for resolution in resolutions for warning in resolution.warnings],
    }


def _resolutions(resolver: Resolver, images: list[Any], rule: Mapping[str, Any]) -> list[Resolution]:
    if len(images) == 1:
        return [resolver.resolve(images[0], **rule)]
    named = {f"terms[{number}]": image for number, image in enumerate(images)}
    return list(resolver.resolve_all(named, **rule).resolutions.values())


def _reject_slips(terms: Terms) -> None:
    """Rejects what ansible-core accepts in silence, although it would make another query of this one."""
    if not terms.images:
        raise InvalidArgument("no image is given: write lookup('cgr.images.ref', 'cgr.dev/ORG/IMAGE:TAG').")
    for image in terms.images:
        reject_misplaced(image, "term")
    if unknown := sorted(set(terms.options) - set(OPTIONS)):
        raise InvalidArgument(
            f"unsupported options: {', '.join(unknown)}. Supported options are: {', '.join(OPTIONS)}."
        )


def _decode(data: Any) -> dict[str, list[str]]:
    return {name: [str(each) for each in data[name]] for name in ("digest", "ref", "warnings")}
