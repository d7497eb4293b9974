# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Differences between builds, for a person: as text, and as Markdown for a change request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from ..changes import Difference, PackageChanges
from .signs import fit

STYLES = {"+": "green", "-": "red", "↓": "bold yellow"}
_CONFIG_NAMES = {"work_dir": "work dir", "stop_signal": "stop signal"}


def difference_lines(difference: Difference) -> list[Text]:
    """Returns the lines about a difference."""
    old, new = difference.old, difference.new
    lines = [
        Text.assemble((difference.image, "bold"), f"  {difference.platform}" if difference.platform else ""),
        Text(f"    {old.digest}  {created(old.created)}".rstrip(), "dim"),
        Text(fit(f"  → {new.digest}  {created(new.created)}").rstrip()),
        Text(f"    {summary(difference)}"),
    ]
    return lines + detail_lines(difference)


def detail_lines(difference: Difference) -> list[Text]:
    """Returns the lines about packages and configuration."""
    lines = []
    if difference.packages:
        title = f"    {counts(difference.packages)}  ({difference.source})"
        lines = [Text(title), *(_package_line(*row) for row in package_rows(difference.packages))]
    lines += [Text(fit(f"    {name}: {old} → {new}")) for name, old, new in config_rows(difference.config or {})]
    return lines


def warnings_of(differences: Iterable[Difference]) -> list[str]:
    """Returns the warnings of differences, each with its image, and each of them once."""
    found = [f"{each.image}: {warning}" for each in differences for warning in each.warnings]
    return list(dict.fromkeys(found))


def markdown(difference: Difference) -> str:
    """Returns a difference as Markdown."""
    old, new = difference.old, difference.new
    parts = [
        f"### {escaped(difference.image)}\n\n",
        f"`{old.digest}` → `{new.digest}`\n\n",
        f"{escaped(summary(difference))}\n",
    ]
    if difference.packages:
        parts.append(f"\n{counts(difference.packages)} ({difference.source})\n")
        rows = [
            (sign_of_markdown(sign), f"`{name}`", _code(before), _code(after))
            for sign, name, before, after in package_rows(difference.packages)
        ]
        parts.append(_table(("", "package", "old", "new"), rows))
    config = [(name, _code(before), _code(after)) for name, before, after in config_rows(difference.config or {})]
    parts.append(_table(("configuration", "old", "new"), config))
    parts += [f"\n> {escaped(warning)}\n" for warning in difference.warnings]
    return "".join(parts)


def sign_of_markdown(sign: str) -> str:
    """Returns the word for a sign in a table."""
    return {"+": "added", "-": "removed", "↓": "**downgraded**"}.get(sign, "updated")


def summary(difference: Difference) -> str:
    """Returns how many builds are between, and the sizes."""
    between, sizes = difference.builds_between, (difference.old.size, difference.new.size)
    parts = [] if between is None else [f"{between} build{'s' * (between != 1)} between"]
    if None not in sizes:
        parts.append(fit(f"size {' → '.join(human_size(size) for size in sizes if size is not None)}"))
    if difference.old.digest == difference.new.digest:
        parts.insert(0, "the same build")
    return "; ".join(parts)


def counts(packages: PackageChanges) -> str:
    """Returns how many packages differ in which way."""
    updated = len(packages.updated) - len(packages.downgraded)
    found = {"added": len(packages.added), "removed": len(packages.removed), "updated": updated}
    said = [f"{number} {name}" for name, number in {**found, "downgraded": len(packages.downgraded)}.items() if number]
    return f"packages: {', '.join(said) or 'the same'}"


def package_rows(packages: PackageChanges) -> Iterator[tuple[str, str, str, str]]:
    """Yields each package that differs: a sign, its name, its old and its new version."""
    for name in packages.downgraded:
        yield ("↓", name, *packages.updated[name])
    for name, version in packages.removed.items():
        yield "-", name, version, ""
    for name, version in packages.added.items():
        yield "+", name, "", version
    for name, versions in packages.updated.items():
        if name not in packages.downgraded:
            yield (" ", name, *versions)


def config_rows(config: Mapping[str, tuple[Any, Any]]) -> Iterator[tuple[str, str, str]]:
    """Yields each part of the configuration that differs; of the environment, each variable."""
    for name, (old, new) in config.items():
        if name != "environment":
            yield _CONFIG_NAMES.get(name, name), _shown(old), _shown(new)
            continue
        for variable in sorted({*old, *new}):
            if old.get(variable) != new.get(variable):
                yield f"environment {variable}", _shown(old.get(variable)), _shown(new.get(variable))


def created(instant: object) -> str:
    """Returns when a build was created, for a person."""
    return f"created {instant}" if instant else ""


def human_size(size: int) -> str:
    """Returns a number of bytes, for a person."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size} B"


def escaped(text: str) -> str:
    """Returns text as Markdown shows it."""
    return "".join(f"\\{sign}" if sign in "\\`*_|<>[]#" else sign for sign in text.replace("\n", " "))


def _package_line(sign: str, name: str, old: str, new: str) -> Text:
    versions = f"{old} → {new}" if old and new else old or new
    return Text(fit(f"    {sign} {name} {versions}"), STYLES.get(sign, ""))


def _shown(value: Any) -> str:
    return "(none)" if value in (None, "") else str(value)


def _code(text: str) -> str:
    return f"`{text.replace('`', '').replace('|', chr(92) + '|')}`" if text else ""


def _table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = [titles, tuple("---" for _title in titles), *rows]
    return "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
