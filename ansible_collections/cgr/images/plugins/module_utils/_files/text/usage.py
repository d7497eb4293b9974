# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where an image in a script must not be pinned: what is built or pushed, and variables that are taken apart or added to."""

from __future__ import annotations

import re

BUILT_OR_PUSHED = "it is the name of what is built or pushed here"
TAKEN_APART = "its variable is taken apart or added to elsewhere in this file, which a digest would break"

_LONGEST = 1000
_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
_ASSIGNED = re.compile(rf"(?:^|\s)({_NAME})\s*[?:+!]{{0,3}}=\s*[\"']?$")
_REGISTRY = re.compile(
    rf"\s*(?:(?:export|readonly|local|ARG|ENV)\s+)?({_NAME})\s*[?:]{{0,3}}=\s*([\"']?)([A-Za-z0-9._:/-]+)\2\s*"
)
# The words before the name of something that is built or pushed, with docker, podman, buildah, kaniko, earthly,
# quadlet and Jenkins.
_BUILT = re.compile(
    r"""(?:
        (?:^|\s)(?:-t|--tag|--destination|push(?:\s+-\S+)*|SAVE\s+IMAGE(?:\s+-\S+)*)[\s=]+
        | (?:^|\s)ImageTag=
        | type=(?:image|registry),\S*(?:name|ref)=
        | docker\.build\(\s*
    )["']?(?:docker://)?$""",
    re.VERBOSE,
)
_COPY = re.compile(
    r"\b(?:docker|podman|nerdctl|buildah|crane|gcrane|regctl|oras|skopeo)\s+(?:image\s+)?(?:tag|cp|copy)\s"
    r"|\b(?:crane|gcrane|oras)\s+push\s"
)
_PUSHED = re.compile(r"""["']\)\s*\.push\b""")
_WORD = re.compile(r"(?<!\S)[^\s-]\S*")
# The use of a variable: ${X}, ${X%%:*}, $(X), $(X:a=b) and $X; one may be within another, such as in ${X:-${Y}}.
_USE = re.compile(
    r"\$(?=(?P<use>\{(?P<braces>[A-Za-z_][\w.-]*?)(?P<change>[^}\w][^}]{0,1000})?\}"
    r"|\((?P<brackets>[A-Za-z_][\w.-]*?)(?P<replace>:[^)]{0,1000})?\)|(?P<plain>[A-Za-z_]\w*)))"
)
_ADDED = re.compile(r"\w|[-.@/:][\w$]|\$")
_CUT = re.compile(r"[^;&|]*\|\s*(?:cut|sed|awk|tr|grep|rev)\b")
_MAKE_FUNCTION = re.compile(
    r"\$\((?:subst|patsubst|word|firstword|lastword|notdir|dir|filter|filter-out|findstring)\s[^\n]*$"
)


class Variables:
    """How the variables of a text are used."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._uses: dict[str, list[re.Match[str]]] = {}
        for use in _USE.finditer(text) if "$" in text else ():
            self._uses.setdefault(use["braces"] or use["brackets"] or use["plain"], []).append(use)

    def registry_in(self, line: str) -> str:
        """Returns the value that a line gives to a variable with which other lines make images; else empty text."""
        found = _REGISTRY.fullmatch(line)
        uses = self._uses.get(found[1], []) if found else []
        is_used = any(self._text.startswith("/", use.end("use")) for use in uses)
        return found[3].rstrip("/") if found and is_used else ""

    def is_built(self, name: str) -> bool:
        """Whether what is built or pushed has the name that a variable holds."""
        return any(_is_target(*self._line_around(use)) for use in self._uses.get(name, ()))

    def is_taken_apart(self, name: str) -> bool:
        """Whether something is taken from what a variable holds, or added to it."""
        return any(self._is_part(use) for use in self._uses.get(name, ()))

    def _is_part(self, use: re.Match[str]) -> bool:
        before, behind = self._line_around(use)
        is_changed = bool(use["change"]) and not re.match(r":?[-=?+]", use["change"])
        is_added_to = bool(_ADDED.match(behind))
        return is_changed or is_added_to or bool(use["replace"] or _CUT.match(behind) or _MAKE_FUNCTION.search(before))

    def _line_around(self, use: re.Match[str]) -> tuple[str, str]:
        end = self._text.find("\n", use.end("use"))
        before = self._text[self._text.rfind("\n", 0, use.start()) + 1 : use.start()].rstrip("$")
        return before, self._text[use.end("use") : len(self._text) if end < 0 else end]


def why_target_skipped(before: str, behind: str, variables: Variables) -> str:
    """Says why an image is not pinned where it stands; empty text if it is.

    Args:
        before: the line up to the image.
        behind: the line after it.
        variables: those of the text.
    """
    before, behind = before[-_LONGEST:], behind[:_LONGEST]  # for each image of a line: more would take quadratic time
    if _is_target(before, behind):
        return BUILT_OR_PUSHED
    assigned = _ASSIGNED.search(before)
    if assigned is None:
        return ""
    if variables.is_built(assigned[1]):
        return BUILT_OR_PUSHED
    return TAKEN_APART if variables.is_taken_apart(assigned[1]) else ""


def _is_target(before: str, behind: str) -> bool:
    """Whether something is built, pushed or copied to the image between two parts of a line."""
    if _BUILT.search(before) or _PUSHED.match(behind):
        return True
    copies = list(_COPY.finditer(before))
    if not copies:
        return False
    # The last word of `docker tag A B` and the like is the target.
    rest = re.split(r"[;&|)]", behind)[0].strip("\"' ")
    return not rest and bool(_WORD.search(before[copies[-1].end() :].rstrip("\"'").removesuffix("docker://")))
