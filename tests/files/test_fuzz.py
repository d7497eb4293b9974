# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a file holds, only digests in it change, and everything else stays: variants of the corpus, valid and broken."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.cgr.images.plugins.module_utils._files.edit import NotWritten
from ansible_collections.cgr.images.plugins.module_utils._files.formats import format_of
from ansible_collections.cgr.images.plugins.module_utils._files.json.comments import without_comments
from ansible_collections.cgr.images.plugins.module_utils._files.occurrence import Occurrence, Unreadable, with_digests
from ansible_collections.cgr.images.plugins.module_utils._files.verify import verify
from pulumi_cgr.files import Matcher

from .conftest import DB, OLD, WEB, digest
from .test_corpus import CORPUS, OUTCOMES

NEW = digest("new")
TEXTS = {
    name: (CORPUS / name).read_text(encoding="utf-8")
    for name in OUTCOMES
    if name not in ("ugly/latin-1.yaml", "ugly/utf-16.yaml")
}
PIECES = [
    *(
        WEB,
        f"{WEB}@{OLD}",
        f"cgr.dev/acme.com/web@{OLD}",
        f"{DB}",
        "cgr.dev/chainguard/nginx",
        "cgr.dev",
        OLD,
        "@",
        ":",
    ),
    *(
        "image: ",
        "- ",
        "FROM ",
        "ARG A=",
        "$A",
        "repository: ",
        "tag: ",
        "digest:",
        "registry: cgr.dev",
        "newTag: 1.20",
    ),
    *(
        "\n",
        "\r\n",
        "  ",
        "\t",
        " ",
        "\\\n",
        "`\n",
        "#",
        " # ",
        "<<EOF\n",
        "EOF\n",
        "---\n",
        "\ufeff",
        "é",
        "😀",
        "\x00",
    ),
    *('"', "'", "{", "}", "[", "]", ",", "|\n", ">-\n", "&a ", "*a", "!x ", "? ", "{{ x }}", "${X}", "null", "~", "%"),
    *("${X:-", "$(X)", "<<E\n", "E\n", "/*", "*/", "//", "image = ", "locals {\n", "docker push ", "X=", "'''"),
]


def variants(text: str) -> st.SearchStrategy[str]:
    """Yields a text with pieces put in, taken out and written twice."""
    places = st.integers(0, len(text))
    edit = st.tuples(places, st.integers(0, 40), st.sampled_from(["", *PIECES]) | st.just(None))

    def apply(edits: list[tuple[int, int, str | None]]) -> str:
        changed = text
        for place, length, piece in edits:
            cut = changed[place : place + length]
            changed = (
                changed[:place] + (2 * cut if piece is None else piece) + changed[place + length * (piece == "") :]
            )
        return changed

    return st.lists(edit, max_size=4).map(apply)


def files_named(*endings: str) -> st.SearchStrategy[tuple[str, str]]:
    """Yields the names of files of the corpus, and variants of what they hold."""
    names = sorted(name for name in TEXTS if name.endswith(endings))
    return st.sampled_from(names).flatmap(lambda name: st.tuples(st.just(name), variants(TEXTS[name])))


files = files_named("")
loose = st.tuples(
    st.sampled_from(["a.yaml", "Dockerfile", "main.tf", "run.sh", "web.container"]),
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
)


def found(name: str, text: str) -> list[Occurrence]:
    return format_of(name.rpartition("/")[2], text).find(text, Matcher())


def pinned(before: str, occurrences: list[Occurrence]) -> str:
    """Returns a text with its digests, after the check that stands before every write."""
    digests = {occurrence: NEW for occurrence in occurrences if occurrence.place}
    assert all(occurrence.target for occurrence in digests)
    after = with_digests(before, {each.place: digest for each, digest in digests.items() if each.place})
    verify(before, after, {each.target: digest for each, digest in digests.items() if each.target})
    return after


def without_digests(text: str) -> str:
    """Returns a text without digests, and without the tag `latest`, which is put before one where no tag is written."""
    return re.sub(r":latest(?![\w-])", "", re.sub(r"[@ ]?sha256:[0-9a-f]{64}|\b[0-9a-f]{64}\b", "", text))


@given(files | loose)
def test_only_digests_change_and_pinning_twice_is_pinning_once(case: tuple[str, str]) -> None:
    name, before = case
    try:
        occurrences = found(name, before)
    except Unreadable:
        return

    after = pinned(before, occurrences)

    # a field for a digest may hold nothing
    null = re.compile(r"(?<=:) *(?:null|Null|NULL|~|\"\"|)(?=[ ,}\]\r\n#]|$)")
    assert null.sub("", without_digests(after)) == null.sub("", without_digests(before))
    again = found(name, after)
    assert [(occurrence.asked, occurrence.digest) for occurrence in again if occurrence.place] == [
        (occurrence.asked, NEW) for occurrence in occurrences if occurrence.place
    ]
    assert with_digests(after, {occurrence.place: NEW for occurrence in again if occurrence.place}) == after


@given(files_named(".yaml", ".yml"))
def test_the_data_of_a_yaml_file_stays(case: tuple[str, str]) -> None:
    name, before = case
    try:
        occurrences = found(name, before)
        events(before)
    except (Unreadable, yaml.YAMLError):  # libyaml reads more than PyYAML's own parser, of which these events are
        return

    after = pinned(before, occurrences)

    assert list(map(data, events(after))) == list(map(data, events(before)))


def events(text: str) -> list[Any]:
    return list(yaml.parse(text.removeprefix("\ufeff"), Loader=yaml.SafeLoader))


def data(event: Any) -> Any:
    """Returns what an event says, without digests; a field without any reads as an empty one."""
    value = without_digests(event.value) if isinstance(event, yaml.ScalarEvent) else None
    return (
        type(event),
        getattr(event, "anchor", None),
        getattr(event, "tag", None),
        "" if value in ("null", "~", "Null", "NULL") else value,
    )


@given(
    files_named(".json").filter(lambda case: "devcontainer" not in case[0])
)  # with comments, Python does not read it
def test_the_data_of_a_json_file_stays(case: tuple[str, str]) -> None:
    name, before = case
    try:
        occurrences = found(name, before)
    except Unreadable:
        return

    after = pinned(before, occurrences)

    assert json_data(after) == json_data(before)


def json_data(text: str) -> Any:
    """Returns what a text in JSON says, with keys that are there twice, without digests; null may become one."""
    return blank(json.loads(without_comments(text.removeprefix("\ufeff")), object_pairs_hook=list))


def blank(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [blank(each) for each in value]
    return without_digests(value or "") if value is None or isinstance(value, str) else value


CHANGES = [
    ("tag: 1.2", "tag: 1.3"),
    ("web:1.2", "web:1.2 "),
    ("image: ", "image: !x "),
    ("a: 1", "a: '1'"),
    ("b: &b ", "b: "),
    ("b: &b ", "b: &c "),
    ("# the end", "more: 1"),
]


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_a_write_that_changes_anything_else_is_refused(old: str, new: str) -> None:
    before = f"a: 1\nb: &b [x]\nimage: {WEB}\nother: {{repository: cgr.dev/acme.com/web, tag: 1.2}}\n# the end\n"
    occurrences = found("a.yaml", before)
    after = pinned(before, occurrences)
    targets = {occurrence.target: NEW for occurrence in occurrences if occurrence.target}

    with pytest.raises(NotWritten, match="would not read as intended"):
        verify(before, after.replace(old, new), targets)


@pytest.mark.parametrize("name", TEXTS)
def test_the_line_ends_of_windows_change_nothing(name: str) -> None:
    text = TEXTS[name]
    windows = text.replace("\r\n", "\n").replace("\n", "\r\n")
    try:
        occurrences = found(name, text)
    except Unreadable:
        with pytest.raises(Unreadable):
            found(name, windows)
        return

    after = with_digests(windows, {occurrence.place: NEW for occurrence in found(name, windows) if occurrence.place})

    pinned = with_digests(text, {occurrence.place: NEW for occurrence in occurrences if occurrence.place})
    assert after == pinned.replace("\r\n", "\n").replace("\n", "\r\n")


REPOSITORIES = ["cgr.dev/acme.com/web", "cgr.dev/acme.com/db", "docker.io/library/x"]


@st.composite
def shared_parts(draw: st.DrawFn) -> str:
    """Draws Helm values whose images share their tags, digests and defaults by aliases and merges."""
    lines: list[str] = []
    anchors: dict[str, list[str]] = {"tag": [], "digest": [], "all": []}

    def field(name: str, *values: str) -> str:
        known = anchors[name]
        kind = draw(st.sampled_from(["own", "named", "alias"] if known else ["own", "named"]))
        if kind == "alias":
            return f"{name}: *{draw(st.sampled_from(known))}"
        value = draw(st.sampled_from(values))
        if kind == "own":
            return f"{name}: {value}"
        known.append(f"{name}{len(known)}")
        return f"{name}: &{known[-1]} {value}"

    for number in range(draw(st.integers(1, 4))):
        parts = draw(st.sets(st.sampled_from(["repository", "tag", "digest", "<<"]), min_size=2))
        fields = [f"repository: {draw(st.sampled_from(REPOSITORIES))}"] if "repository" in parts else []
        if "tag" in parts:
            fields.append(field("tag", '"1.2"', "latest", f"'1.2@{OLD}'"))
        if "digest" in parts:
            fields.append(field("digest", '""', OLD))
        if "<<" in parts and anchors["all"]:
            fields.append(f"<<: *{draw(st.sampled_from(anchors['all']))}")
        anchors["all"].append(f"all{number}")
        lines.append(f"i{number}: &all{number} {{{', '.join(fields)}}}")
    return "\n".join(lines) + "\n"


def deployed(text: str) -> dict[str, tuple[str, str]]:
    """Returns what a chart makes of values: each image, and the digest that it is deployed by."""
    found = {}
    for key, values in yaml.safe_load(text).items():
        tag, _at_sign, digest_of_tag = str(values.get("tag") or "").partition("@")
        found[key] = (f"{values.get('repository')}:{tag}", values.get("digest") or digest_of_tag)
    return found


@given(shared_parts())
@example(f"a: &a {{repository: {REPOSITORIES[0]}, tag: latest}}\nb: {{repository: {REPOSITORIES[1]}, <<: *a}}\n")
@example(f"a: {{repository: {REPOSITORIES[0]}, tag: &t latest}}\nb: {{repository: {REPOSITORIES[1]}, tag: *t}}\n")
@example(
    f"a: &a {{repository: {REPOSITORIES[0]}, tag: &t latest}}\nb: {{repository: {REPOSITORIES[1]}, <<: *a}}\n"
    f"c: {{repository: {REPOSITORIES[0]}, tag: *t}}\n"
)
def test_no_image_gets_the_digest_of_another(before: str) -> None:
    occurrences = found("values.yaml", before)

    after = with_digests(
        before, {occurrence.place: digest(occurrence.asked) for occurrence in occurrences if occurrence.place}
    )

    was = deployed(before)
    for key, (image, pin) in deployed(after).items():
        assert image == was[key][0]
        assert pin in (was[key][1], digest(image))
