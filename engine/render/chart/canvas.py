"""Drawing on pixels: rectangles, lines, areas and text, collected into one figure.

Coordinates are design pixels: x to the right, y down, 1600 wide whatever the
picture's real width. No axes, no pyplot, no global state, so that any thread may
draw. Never decides what is drawn or where.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from . import text as texts

if TYPE_CHECKING:
    from PIL.Image import Image

DESIGN_WIDTH = 1600.0
LEFT, RIGHT = 40.0, 1560.0
"""Where the content of a picture begins and ends."""

Box = tuple[float, float, float, float]
"""``(left, top, right, bottom)``."""
Point = tuple[float, float]


class Canvas:
    """A figure of ``width_px``, as high as asked for when it is finished."""

    def __init__(self, width_px: int, background: str) -> None:
        from matplotlib.figure import Figure
        from matplotlib.transforms import Affine2D

        self._scale = width_px / DESIGN_WIDTH
        self._width_px = width_px
        # At 72 dots an inch a point is a pixel: font sizes and line widths are pixels.
        self._figure = Figure(dpi=72, facecolor=background)
        self._transform = Affine2D()
        self._order = 0

    def boxes(
        self,
        boxes: Sequence[Box] | Any,
        colors: str | Sequence[Any],
        *,
        alpha: float | None = None,
        edge: str | None = None,
        edge_width: float = 0.0,
        hatch: str | None = None,
    ) -> None:
        """Filled rectangles in one artist. ``colors`` is one colour or one for each."""
        import numpy as np
        from matplotlib.collections import PolyCollection

        if not len(boxes):
            return
        corners = np.asarray(boxes, dtype=float)
        left, top, right, bottom = corners.T
        outline = np.stack(
            [np.stack([left, right, right, left], axis=1), np.stack([top, top, bottom, bottom], axis=1)],
            axis=2,
        )
        self._add(
            PolyCollection(
                list(outline),
                facecolors=colors,
                edgecolors=edge or "none",
                linewidths=edge_width * self._scale,
                alpha=alpha,
                hatch=hatch,
            )
        )

    def area(self, points: Any, color: str, *, alpha: float | None = None, edge: str = "none") -> None:
        """One filled outline; ``points`` is N x 2."""
        from matplotlib.collections import PolyCollection

        self._add(PolyCollection([points], facecolors=color, edgecolors=edge, linewidths=0, alpha=alpha))

    def lines(
        self,
        lines: Sequence[Any],
        color: str,
        line_width: float = 1.0,
        *,
        dashes: tuple[float, ...] | None = None,
        alpha: float | None = None,
    ) -> None:
        """Open lines in one artist, each N x 2."""
        from matplotlib.collections import LineCollection

        if not len(lines):
            return
        style = (
            (0, tuple(part * self._scale / max(0.1, line_width * self._scale) for part in dashes))
            if dashes
            else "-"
        )
        self._add(
            LineCollection(
                lines,
                colors=color,
                linewidths=line_width * self._scale,
                linestyles=[style],
                alpha=alpha,
                capstyle="butt",
                joinstyle="round",
            )
        )

    def dot(self, x: float, y: float, radius: float, color: str, edge: str) -> None:
        """A filled circle with a rim."""
        from matplotlib.patches import Circle

        self._add(Circle((x, y), radius, facecolor=color, edgecolor=edge, linewidth=2 * self._scale))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        color: str,
        *,
        bold: bool = False,
        align: str = "left",
        middle: bool = False,
        limit: float | None = None,
    ) -> float:
        """One line of text, shortened to ``limit`` design pixels; returns how wide it is.

        ``y`` is the baseline, or the middle of the capitals.
        """
        shown = texts.printable(text) if limit is None else self.fit(text, size, limit, bold)
        if not shown:
            return 0.0
        # Middle by the height of capitals, so that lines with and without descenders sit alike.
        baseline = y + 0.36 * size if middle else y
        wide = self.measure(shown, size, bold)
        left = x - {"center": 0.5, "right": 1.0}.get(align, 0.0) * wide
        self._add(_letters()(left, baseline, shown, texts.font(shown, size * self._scale, bold), color))
        return wide

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        color: str,
        *,
        limit: float,
        most: int,
        line: float,
        bold: bool = False,
    ) -> float:
        """``text`` in at most ``most`` lines, ``line`` apart, from baseline ``y`` on; returns the next."""
        for shown in self.wrap(text, size, limit, most, bold):
            self.text(x, y, shown, size, color, bold=bold)
            y += line
        return y

    def measure(self, text: str, size: float, bold: bool = False) -> float:
        """The width of ``text`` in design pixels."""
        return texts.width(texts.printable(text), size * self._scale, bold) / self._scale

    def fit(self, text: str, size: float, limit: float, bold: bool = False) -> str:
        """``text`` shortened to ``limit`` design pixels; empty where that leaves nothing to read."""
        return texts.fit(texts.printable(text), size * self._scale, limit * self._scale, bold)

    def wrap(self, text: str, size: float, limit: float, most: int, bold: bool = False) -> list[str]:
        """``text`` in at most ``most`` lines of ``limit`` design pixels."""
        return texts.wrap(texts.printable(text), size * self._scale, limit * self._scale, most, bold)

    def finish(self, height: float) -> Image:
        """The picture, ``height`` design pixels high."""
        import numpy as np
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from PIL.Image import fromarray

        height_px = max(1, round(height * self._scale))
        self._transform.clear().scale(self._scale, -self._scale).translate(0, height_px)
        self._figure.set_size_inches(self._width_px / 72, height_px / 72)
        surface: Any = FigureCanvasAgg(self._figure)
        surface.draw()
        picture = fromarray(np.asarray(surface.buffer_rgba())[..., :3].copy())
        # Figures hold themselves in cycles: without this their pixels wait for the garbage collector.
        surface.renderer = None
        self._figure.clear()
        return picture

    def _add(self, artist: Any) -> None:
        self._order += 1
        artist.set_zorder(self._order)
        artist.set_transform(self._transform)
        artist.set_clip_on(False)
        self._figure.add_artist(artist, clip=False)


@cache
def _letters() -> Any:
    """The class of a line of text: handed to the renderer as it stands.

    matplotlib's own Text would read ``$`` as mathematics or the user's settings would
    have TeX set it, and it keeps hold of the renderer and with it of all pixels.
    """
    from matplotlib.artist import Artist

    class Letters(Artist):
        def __init__(self, x: float, y: float, text: str, font: Any, color: str) -> None:
            super().__init__()
            self._at, self._text, self._font, self._color = (x, y), text, font, color

        def draw(self, renderer: Any) -> None:
            x, y = self.get_transform().transform(self._at)
            pen = renderer.new_gc()
            pen.set_foreground(self._color)
            height = renderer.get_canvas_width_height()[1]
            renderer.draw_text(pen, x, height - y, self._text, self._font, 0.0, False)
            pen.restore()

    return Letters
