"""A picture that says one sentence, for when there is no run to draw. Pillow only: it must always work."""

from __future__ import annotations

import textwrap

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1000, 220
FONT_SIZE = 26
LINE_LENGTH = 66
_COLORS = {"dark": ("#17181D", "#E8E9ED"), "light": ("#FFFFFF", "#1B1D23")}


def draw_notice(message: str, *, theme: str = "dark") -> Image.Image:
    """``message`` on a plain ground, wrapped; an RGB picture 1000 px wide."""
    ground, ink = _COLORS.get(theme, _COLORS["dark"])
    lines = textwrap.wrap(message, LINE_LENGTH)[:12] or [""]
    line_height = FONT_SIZE + 10
    picture = Image.new("RGB", (WIDTH, max(HEIGHT, 80 + line_height * len(lines))), ground)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(FONT_SIZE)
    top = (picture.height - line_height * len(lines)) / 2
    for number, line in enumerate(lines):
        pen.text((WIDTH / 2, top + line_height * number), line, fill=ink, font=font, anchor="ma")
    return picture
