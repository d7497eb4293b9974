# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the plugins on the controller read their options: as written, else the variables `cgr_…`, else the environment.

`null` and `omit` mean that an option is not given.  The empty text means the default of a setting.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import CgrError, InvalidInstant, InvalidLock
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import Instant
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.kinds import parse_at
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import RULE_NAMES
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import SETTINGS, Setting, Settings
from ansible_collections.cgr.images.plugins.module_utils._validation import reject_empty, reject_naive
from ansible_collections.cgr.images.plugins.plugin_utils._lookup import to_builtin

PRESENT_VARIABLE = "cgr_at"


class Options(NamedTuple):
    """The options of a task or of a lookup.

    Attributes:
        rule: the parts of the rule that are given.
        settings: the settings that are given, or set by a variable.
        present: the instant to take for the present, if `cgr_at` gives one.
    """

    rule: dict[str, Any]
    settings: dict[str, Any]
    present: Instant | None


def read_options(written: Mapping[str, Any], variables: Mapping[str, Any], environment: Mapping[str, str]) -> Options:
    """Reads the options of a task or of a lookup.

    Args:
        written: the options as they are written; those that are omitted are not in it.
        variables: the variables of the host, with the templates in them filled in.
        environment: the environment variables that count.

    Raises:
        InvalidArgument: an option, or a variable that sets one, is malformed.
    """
    rule = {name: to_builtin(written[name]) for name in RULE_NAMES if name in written}
    for name, value in rule.items():
        reject_empty(value, name)
        reject_naive(value, name)
    if isinstance(rule.get("exclude"), str):
        rule["exclude"] = [digest.strip() for digest in rule["exclude"].split(",")]
    return Options(rule, _read_settings(written, variables, environment), _read_present(variables))


def lock_of(written: Mapping[str, Any], variables: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """Returns the path of the lock file as it is written; the empty text for none."""
    given = next((each for each in (written.get("lock"), variables.get("cgr_lock")) if each is not None), None)
    return str(environment.get("CGR_LOCK", "") if given is None else given).strip()


def reject_missing_lock(path: str, written: str) -> None:
    """Raises `InvalidLock` if the lock file does not exist.

    Args:
        path: where it must be.
        written: the path as it is written.
    """
    if path and not os.path.exists(path):
        raise InvalidLock(
            f"the lock file {written} does not exist: it was searched where the files of the task are, and as {path}."
            " Check the path in 'lock', or leave it empty to ask the registry."
        )


def unreachable_variables(environments: Any) -> list[str]:
    """Returns the variables of the keyword `environment` that would be settings, if it reached plugins on the controller."""
    names = {variable for setting in SETTINGS for variable in setting.variables}
    found = [each for each in environments or [] if isinstance(each, Mapping)]
    return sorted(names & {str(name) for each in found for name in each})


def environment_warning(plugin: str, names: Iterable[str]) -> str:
    """Returns the warning about variables of the keyword `environment`."""
    listed = ", ".join(names)
    return (
        f"{plugin} runs on the controller, which the keyword 'environment' does not reach: {listed} has no effect. Use the"
        f" option or the variable instead, such as {listed.lower().partition(',')[0]}."
    )


def _read_settings(
    written: Mapping[str, Any], variables: Mapping[str, Any], environment: Mapping[str, str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    written_as: dict[str, str] = {}
    for setting in SETTINGS:
        name, value = _first_given(setting, written, variables, environment)
        if name:
            written_as[setting.name] = name
        if value is not None:
            found[setting.name] = _expand(setting, to_builtin(value))
    try:
        Settings.read(found, environment)
    except CgrError as error:
        raise _with_name(error, written_as) from None
    return found


def _first_given(
    setting: Setting, written: Mapping[str, Any], variables: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[str, Any]:
    """Returns where a setting is given, and its value; no value where that is the environment, which `Settings` reads."""
    for name in setting.names:
        if written.get(name) is not None:
            return name, written[name]
    for name in (f"cgr_{name}" for name in setting.names):
        if variables.get(name) is not None:
            return name, variables[name]
    return next((name for name in setting.variables if environment.get(name, "").strip()), ""), None


def _expand(setting: Setting, value: Any) -> Any:
    if setting.kind == "path" and isinstance(value, str):
        return os.path.expanduser(os.path.expandvars(value))
    return value


def _with_name(error: CgrError, written_as: Mapping[str, str]) -> CgrError:
    """Returns an error that names an option as the user wrote it, which may be a variable."""
    name, written = error.argument, written_as.get(error.argument)
    if written and error.message[: len(name) + 1] in (f"{name} ", f"{name}:"):
        return type(error)(f"{written}{error.message[len(name) :]}", written)
    return error


def _read_present(variables: Mapping[str, Any]) -> Instant | None:
    value = to_builtin(variables.get(PRESENT_VARIABLE))
    if value is None:
        return None
    if value == "":
        raise InvalidInstant(f"{PRESENT_VARIABLE} is empty: give an instant, or leave it out.", PRESENT_VARIABLE)
    reject_naive(value, PRESENT_VARIABLE)
    return parse_at(value, PRESENT_VARIABLE)
