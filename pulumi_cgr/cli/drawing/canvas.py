# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""An SVG document that is built element by element."""

from __future__ import annotations

from xml.etree import ElementTree


class Canvas:
    """An SVG document.

    Args:
        width, height: its size, in pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        view = {"viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height), "role": "img"}
        self.root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **view})

    def add(self, kind: str, parent: ElementTree.Element | None = None, **attributes: object) -> ElementTree.Element:
        """Adds an element; attributes are written with `-` for `_`, and `class` is given as `class_`."""
        written = {
            name.rstrip("_").replace("_", "-"): f"{value:.1f}" if isinstance(value, float) else str(value)
            for name, value in attributes.items()
        }
        return ElementTree.SubElement(self.root if parent is None else parent, kind, written)

    def label(
        self,
        x: float,
        y: float,
        text: str,
        kind: str,
        anchor: str = "start",
        parent: ElementTree.Element | None = None,
    ) -> ElementTree.Element:
        """Adds a text."""
        label = self.add("text", parent, x=x, y=y, class_=kind, text_anchor=anchor)
        label.text = text
        return label

    def text(self) -> str:
        """Returns the document, each of its elements on a line."""
        for element in self.root:
            element.tail = "\n"
        return ElementTree.tostring(self.root, encoding="unicode") + "\n"
