# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The colours of a drawing, on a light and on a dark page, as its style sheet."""

from __future__ import annotations

_LIGHT = {
    "page": "#ffffff",
    "text": "#1f2328",
    "quiet": "#59636e",
    "even": "#a9bfd8",
    "odd": "#c6d5e6",
    "inside": "#24364b",
    "returned": "#b892f0",
    "chosen": "#1a7f37",
    "current": "#0969da",
    "cut": "#9a6700",
}
_DARK = {
    "page": "#0d1117",
    "text": "#e6edf3",
    "quiet": "#9198a1",
    "even": "#3d5675",
    "odd": "#2c4059",
    "inside": "#d5e1ef",
    "returned": "#7d54c4",
    "chosen": "#3fb950",
    "current": "#58a6ff",
    "cut": "#d29922",
}

_FIXED = """text { font-size: 13px; font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif }
.title { font-size: 18px; font-weight: 600 }
.digest { font-size: 11px; font-family: ui-monospace, "DejaVu Sans Mono", monospace }
.arc { fill: none; stroke-width: 1.5 }
.axis, .cut { fill: none; stroke-width: 1 }
.cut { stroke-dasharray: 4 3; stroke-width: 1.5 }
.chosen-text, .current-text, .cut-text, .halo { font-weight: 600 }
.halo { stroke-width: 4px; stroke-linejoin: round }
.young { fill-opacity: 0.6 }
"""


def style() -> str:
    """Returns the style sheet."""
    dark = "\n".join(f"  {line}" for line in _rules(_DARK).splitlines())
    return f"\n{_FIXED}{_rules(_LIGHT)}@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def _rules(colour: dict[str, str]) -> str:
    fills = {
        ".page, .young": "page",
        ".title": "text",
        ".quiet": "quiet",
        ".even": "even",
        ".odd": "odd",
        ".digest": "inside",
        ".light": "page",
        ".returned": "returned",
        ".chosen, .chosen-text": "chosen",
        ".current, .current-text": "current",
        ".cut-text": "cut",
    }
    rules = [f"{selector} {{ fill: {colour[name]} }}" for selector, name in fills.items()]
    rules += [
        f".arc {{ stroke: {colour['returned']} }}",
        f".axis {{ stroke: {colour['quiet']} }}",
        f".cut {{ stroke: {colour['cut']} }}",
        f".young-key {{ fill: {colour['even']}; fill-opacity: 0.4 }}",
        f".halo {{ fill: {colour['page']}; stroke: {colour['page']} }}",
    ]
    return "\n".join(rules) + "\n"
