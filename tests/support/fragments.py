# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Generates the doc fragments of the collection from the declarations of `Rule` and `Settings`.

Ansible reads documentation as literal text, so the fragments are files: `make docs` writes them, a test compares them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.cgr.images.plugins.module_utils._files.pin import FILE_RULES
from ansible_collections.cgr.images.plugins.module_utils._options import RULE_OPTIONS, SETTING_OPTIONS
from pulumi_cgr._bridge import PARTS, SETTINGS

HEADER = '''# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""{title}  Made by `make docs` from the declarations in module_utils."""

from __future__ import annotations


class ModuleDocFragment:
    """{about}"""
'''

MORE = {
    "at": [
        "Put it in quotes. An instant in the future, or before the first build of the tag, is an error.",
        "Ansible's function C(now) returns local time without a time zone, which is an error. Give it C(utc=true) and a C(fmt),"
        " such as C(%Y-%m-%dT%H:%M:%SZ).",
    ],
    "token": [
        "It is sent to the registry and nowhere else. Public images (C(cgr.dev/chainguard/...)) need no credentials."
    ],
    "registry_url": ["It must begin with C(https://), or may begin with C(http://) for a loopback host."],
    "cache": ["Within a run, the same query is resolved once without it."],
    "mirrors": [
        "A dictionary; both names may be a registry alone, or go down to a repository. As text, it is"
        " C(registry.example.com/cgr=cgr.dev/acme.com), with commas between several."
    ],
    "signers": [
        "A dictionary from prefixes, such as C(cgr.dev/acme.com), to dictionaries with C(issuer) and C(identities), or the same as"
        " JSON text."
    ],
    "lock": [
        "A relative path is searched where the files of a task are searched: in C(files) of the role and beside the playbook."
        " A file that does not exist is an error."
    ],
}
"""Texts about options that apply to Ansible only."""


def rule_fragment() -> str:
    """Returns the text of `doc_fragments/rule.py`."""
    text = HEADER.format(
        title="How every plugin documents the choice of a build.",
        about="The options of a rule; `CURRENT` has those of plugins that return results, rather than write them into files.",
    )
    shared = [part for part in PARTS if part.name in FILE_RULES]
    text += _documentation("DOCUMENTATION", [_option(part.name, part.text, RULE_OPTIONS) for part in shared])
    others = [part for part in PARTS if part.name not in FILE_RULES]
    return text + _documentation("CURRENT", [_option(part.name, part.text, RULE_OPTIONS) for part in others])


def settings_fragment() -> str:
    """Returns the text of `doc_fragments/settings.py`."""
    text = HEADER.format(
        title="How every plugin documents the access to the registry.",
        about="The settings, for modules and, in `LOOKUP`, for lookups.",
    )
    own = [
        setting for setting in SETTINGS if setting.name not in RULE_OPTIONS
    ]  # the fragment of the rule has the others
    options = [_option(setting.name, setting.text, SETTING_OPTIONS) for setting in own]
    requirements = (
        "requirements:\n  - requests (Python library) where the plugin runs\n"
        "  - cosign 3.1.1 or newer where the plugin runs, for O(signed)\n"
    )
    notes = (
        "notes:\n  - An option about the access to the registry that is not given is taken from the variable with its name after"
        " C(cgr_), such\n    as C(cgr_token), then from the environment variable, such as C(CGR_TOKEN). An empty value means the"
        " default.\n  - The environment variables are those of the controller. The keyword C(environment) of a task does not reach"
        " plugins on the\n    controller.\n"
    )
    text += _documentation("DOCUMENTATION", options, requirements + notes)
    sources = []
    for setting in SETTINGS:
        names = "".join(f"      - name: cgr_{name}\n" for name in setting.names)
        variables = "".join(f"      - name: {name}\n" for name in setting.variables)
        sources.append(f"  {setting.name}:\n    vars:\n{names}    env:\n{variables}")
    return text + _documentation("LOOKUP", sources)


def variables() -> str:
    """Returns the text of `plugin_utils/_variables.py`."""
    names = ["cgr_at", *(f"cgr_{name}" for setting in SETTINGS for name in setting.names)]
    listed = "".join(f'    "{name}",\n' for name in names)
    start = HEADER.format(title="The variables that stand for options.", about="").partition("\n\nclass ")[0]
    return f"{start}\nVARIABLES = (\n{listed})\n"


def _documentation(name: str, options: Iterable[str], more: str = "") -> str:
    return f'\n    {name} = r"""\noptions:\n{"".join(options)}{more}"""\n'


def _option(name: str, text: str, specs: Mapping[str, Mapping[str, Any]]) -> str:
    spec = specs[name]
    lines = [f"  {name}:", "    description:"]
    for paragraph in [_markup(text), *MORE.get(name, [])]:
        first = "      - "
        if ": " in paragraph:  # otherwise a mapping
            lines.append(f"{first}>-")
            first = "        "
        lines += textwrap.wrap(paragraph, 118, initial_indent=first, subsequent_indent="        ")
    lines.append(f"    type: {spec['type']}")
    lines += [f"    elements: {spec['elements']}"] if "elements" in spec else []
    for listed in ("choices", "aliases"):
        lines += [f"    {listed}:", *(f"      - {each}" for each in spec[listed])] if listed in spec else []
    return "\n".join(lines) + "\n"


def _markup(text: str) -> str:
    """Converts Markdown to Ansible's markup."""
    options = {*RULE_OPTIONS, *SETTING_OPTIONS}

    def marked(match: re.Match[str]) -> str:
        word = match.group(1)
        if word in options:
            return f"O({word})"
        values = {"anonymous", '""', *(choice for part in PARTS for choice in part.kind.choices)}
        return f"V({word})" if word in values or re.fullmatch(r"\d\S*|P\d\S*", word) else f"C({word})"

    return re.sub(r"`([^`]*)`", marked, text)
