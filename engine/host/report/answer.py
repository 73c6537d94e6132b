"""A picture as nodes answer and show it, and one that says a sentence for when there is nothing to draw."""

from __future__ import annotations

import logging
import textwrap
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from . import save

log = logging.getLogger("holaf.profiler")

WIDTH, HEIGHT = 1000, 220
FONT_SIZE = 26
LINE_LENGTH = 66
_COLORS = {"dark": ("#17181D", "#E8E9ED"), "light": ("#FFFFFF", "#1B1D23")}


def draw_notice(message: str, *, theme: str = "dark") -> Image.Image:
    """``message`` on a plain ground, an RGB picture 1000 px wide.

    Pillow only: it must always work. But for letters that Pillow's own font lacks: those come from
    a font that matplotlib finds, if any.
    """
    ground, ink = _COLORS.get(theme, _COLORS["dark"])
    is_wide = any(ord(letter) > 0x1100 and letter.isalnum() for letter in message)
    lines = textwrap.wrap(message, LINE_LENGTH // 2 if is_wide else LINE_LENGTH)[:12] or [""]
    line_height = FONT_SIZE + 10
    picture = Image.new("RGB", (WIDTH, max(HEIGHT, 80 + line_height * len(lines))), ground)
    pen = ImageDraw.Draw(picture)
    font = _font(message)
    top = (picture.height - line_height * len(lines)) / 2
    for number, line in enumerate(lines):
        pen.text((WIDTH / 2, top + line_height * number), line, fill=ink, font=font, anchor="ma")
    return picture


def _font(message: str) -> Any:
    if all(letter.isascii() or not letter.isalnum() for letter in message):
        return ImageFont.load_default(FONT_SIZE)
    try:
        from ...render.chart.text import font_file

        return ImageFont.truetype(font_file(message), FONT_SIZE)
    except (ImportError, OSError):
        return ImageFont.load_default(FONT_SIZE)


def notice(message: str, theme: str) -> tuple[Image.Image, list[dict[str, str]]]:
    """The picture of ``message``, and its preview as ComfyUI's ``ui.images`` wants it. Never fails."""
    try:
        picture = draw_notice(message, theme=theme).convert("RGB")
        return picture, list(save.preview(picture))
    except Exception:
        log.exception("Workflow Profiler cannot show this on its node: %s", message)
        return Image.new("RGB", (64, 64)), []


def to_tensor(picture: Image.Image) -> Any:
    """An image tensor ``[1, height, width, 3]`` of 0..1."""
    import numpy
    import torch

    pixels = numpy.asarray(picture.convert("RGB"), dtype=numpy.float32) / 255.0
    return torch.from_numpy(pixels)[None]
