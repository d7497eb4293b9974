# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Plots of costs as SVG; the same numbers give the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from .measure import Cost, Plot
from .served import DELAY

STYLE: Any = {"svg.hashsalt": "performance", "svg.fonttype": "none", "font.size": 9}
PANELS: dict[str, Callable[[Cost], float]] = {
    f"time, in round trips of {DELAY * 1000:.0f} ms": lambda cost: cost.seconds / DELAY,
    "bytes the registry sent": lambda cost: cost.bytes,
}


def drawn(plot: Plot) -> bytes:
    """Returns a plot as SVG."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 4.2), layout="constrained")
        panels = figure.subplots(1, len(PANELS))
        for axes, (title, value) in zip(panels, PANELS.items(), strict=True):
            _draw(axes, title, plot, value)
        handles, ways = panels[0].get_legend_handles_labels()
        figure.legend(handles, ways, loc="outside lower center", ncols=2, frameon=False)
        svg = BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return svg.getvalue()


def _draw(axes: Axes, title: str, plot: Plot, value: Callable[[Cost], float]) -> None:
    for way, curve in plot.curves.items():
        points = [(number, value(cost)) for number, cost in curve]
        axes.plot([x for x, _y in points], [y or float("nan") for _x, y in points], marker="o", markersize=3, label=way)
    axes.set(title=title, xlabel=plot.number, xscale="log", yscale="log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, alpha=0.3)
