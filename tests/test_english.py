# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pages, docstrings, comments and messages are in plain English; docs/maintaining/english.md says how, with examples.

The test searches for the worst phrases only.  A phrase that it finds is easy to replace, and usually part of a sentence to rewrite.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from .support.environments import ROOT

PHRASES = {
    r"\bmend(?:s|ed|ing)?\b": "write 'fix'",
    r"\b(?:becomes?|became|come|comes|came) of (?:it|them|a|an|the|each|that|faults)\b": "say what happens",
    r"\b[Ww]hat is refused\b|\bwhat (?:it|the lock) lacks\b": "write 'error', and what causes it",
    r"(?<![Tt]here )\b(?:is|are|was|were) no (?!longer\b|more\b)\w": "write 'is not a …'",
    r"\b(?:is|are|was|were) none\b|\bwhere none\b|\bhas none\b": "write 'does not exist' or 'if there is no …'",
    r"\bcomes? by\b|\bto heart\b|\bnone of (?:our|its|his) business\b": "use the ordinary word",
    r"\blest\b|\bhence\b|\bthither\b|\bwhence\b|\bnought\b|\bbut for\b": "write 'so that … not', 'therefore', 'except'",
    r"\bgo(?:es)? together\b": "write 'can be combined'",
    r"\bh(?:olds?|eld) (?:\w+ ){0,3}against\b": "write 'compare with'",
    r"\bas of `": "write 'as for', or name what it is the same as; 'as of' is for instants",
    r"\bstood (?:at|in|on)\b|\bstands? (?:in|on|once|beside|below|above|at)\b": "a text or a tag 'is' somewhere",
    r"\bbeside each other\b": "write 'concurrently' or 'next to each other'",
    r"\banswer(?:s|ed)? (?:\w+ )?out of\b": "write 'resolve from', 'serve', 'read from'",
    r"\b(?:both|each|every|all|its?|the) faces?\b": "write 'interface', or name Pulumi, Ansible and the command",
    r"\bthe longest name counts\b": "write 'the longest prefix wins'",
    r"\bforgets?\b|\bforgetful\b|\bremembers?\b": "a program keeps or drops data; only people remember",
    r"\bthe way of a question\b|\bwho(?:ever)? asks\b": "write 'query', 'caller'",
    r'"""What (?!.*\?)|^\s*# What (?!.*\?)|^What (?!.*\?)|\. What [a-z]+ [a-z]+ (?!.*\?)': "begin with a noun or a verb",
    r"\bnobody (?:waits|asks|looks)\b": "say what does not happen",
    r"\bfor good\b|\bonce and for all\b|\bof its own accord\b": "write 'permanently', or what ends it",
    r"\b(?:[Tt]here )?(?:comes?|came) (?:along|back again|no more)\b": "say what it is, or what changes",
    r"\bnot (?:known|there) yet\b.*\bwhere\b|\bnot to be \w+ed\b": "use the active voice",
}
"""Regular expressions, each with how to say it instead."""

NOT_OURS = re.compile(r"(?:^|/)LICENSE$|^tests/data/|\.svg$|\.json$|^constraints\.txt$|\.lock$")
ABOUT_PHRASES = ("tests/test_english.py", "docs/maintaining/english.md")


def tracked() -> list[str]:
    """Returns the paths of the text files in git, without data and licenses."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [path for path in listed.splitlines() if not NOT_OURS.search(path) and path not in ABOUT_PHRASES]
    return [path for path in paths if (ROOT / path).is_file()]


def findings(path: str) -> list[str]:
    """Returns each phrase that a file has and should not have: where, the phrase, and what to write."""
    lines = (ROOT / path).read_text().splitlines()
    return [
        f"{path}:{number}: {found[0]!r}: {advice}"
        for number, line in enumerate(lines, 1)
        for phrase, advice in PHRASES.items()
        if (found := re.search(phrase, line))
    ]


def test_the_text_is_plain_english() -> None:
    found = [finding for path in tracked() for finding in findings(path)]

    assert not found, "\n".join(found)


def test_the_examples_of_bad_sentences_are_found() -> None:
    table = [
        line.split("|") for line in Path(ROOT / ABOUT_PHRASES[1]).read_text().splitlines() if line.startswith("| ")
    ]
    before = [row[1] for row in table[2:]]

    assert len(before) >= 15
    assert sum(any(re.search(phrase, sentence) for phrase in PHRASES) for sentence in before) >= 8
