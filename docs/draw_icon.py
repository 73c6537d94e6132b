"""Draws the icon and the banner of the registry: ``python docs/draw_icon.py`` writes them beside itself.

One drawing, in units of 1/64 of the icon: bars of nodes over a curve of memory with its peak.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(__file__).parent
ICON_PX, BANNER_PX = 400, (1260, 540)
GROUND, LINE, INK, MUTED = "#16181D", "#2A2E37", "#ECEEF2", "#A9AFBB"
BARS = ((8, 20, "#56B4E9"), (22, 27, "#009E73"), (29, 49, "#E69F00"), (51, 56, "#CC79A7"))
"""``(left, right, colour)`` of the nodes, in the order in which they ran."""
CURVE = ((8, 52), (15, 44), (22, 42), (29, 40), (40, 37), (47, 30), (51, 27), (54, 33), (56, 40))
"""Memory over the same time; its peak is :data:`PEAK`."""
PEAK = (51, 27)
BASE = 56
_SMOOTH = 4
"""Drawn this many times larger, then scaled down: Pillow draws hard edges."""


def icon_svg() -> str:
    """The icon as SVG."""
    area = " ".join(f"{x},{y}" for x, y in (*CURVE, (CURVE[-1][0], BASE), (CURVE[0][0], BASE)))
    line = " ".join(f"{x},{y}" for x, y in CURVE)
    bars = "".join(
        f'<rect x="{left}" y="9" width="{right - left}" height="12" rx="1.5" fill="{color}"/>'
        for left, right, color in BARS
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" rx="12" fill="{GROUND}"/>{bars}'
        f'<path d="M8 {BASE}H56" stroke="{LINE}" stroke-width="1"/>'
        f'<polygon points="{area}" fill="#56B4E9" fill-opacity="0.28"/>'
        f'<polyline points="{line}" fill="none" stroke="#8FD0F5" stroke-width="2" stroke-linejoin="round"/>'
        f'<circle cx="{PEAK[0]}" cy="{PEAK[1]}" r="2.8" fill="{INK}"/></svg>\n'
    )


def icon(size_px: int) -> Image.Image:
    """The same drawing in pixels, its corners transparent."""
    scale = size_px * _SMOOTH / 64
    side = size_px * _SMOOTH

    def at(points: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
        return [(x * scale, y * scale) for x, y in points]

    picture = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, side - 1, side - 1), 12 * scale, fill=GROUND)
    for left, right, color in BARS:
        pen.rounded_rectangle((left * scale, 9 * scale, right * scale, 21 * scale), 1.5 * scale, fill=color)
    pen.line(at(((8, BASE), (56, BASE))), fill=LINE, width=round(scale))
    shade = Image.new("RGBA", picture.size)
    outline = at((*CURVE, (CURVE[-1][0], BASE), (CURVE[0][0], BASE)))
    ImageDraw.Draw(shade).polygon(outline, fill=(0x56, 0xB4, 0xE9, 72))
    picture = Image.alpha_composite(picture, shade)
    pen = ImageDraw.Draw(picture)
    pen.line(at(CURVE), fill="#8FD0F5", width=round(2 * scale), joint="curve")
    x, y, radius = PEAK[0] * scale, PEAK[1] * scale, 2.8 * scale
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=INK)
    return picture.resize((size_px, size_px), Image.Resampling.LANCZOS)


def banner() -> Image.Image:
    """The icon with the name and what it answers, 21:9."""
    picture = Image.new("RGB", BANNER_PX, GROUND)
    mark = icon(360)
    picture.paste(mark, (70, 90), mark)
    pen = ImageDraw.Draw(picture)
    fonts = Path(get_data_path()) / "fonts" / "ttf"
    pen.text((490, 190), "Workflow Profiler", INK, ImageFont.truetype(fonts / "DejaVuSans-Bold.ttf", 68))
    text = "Which node is slow?\nWhich one eats the memory?"
    plain = ImageFont.truetype(fonts / "DejaVuSans.ttf", 38)
    pen.multiline_text((492, 290), text, MUTED, plain, spacing=14)
    return picture


def main() -> None:
    """Write all of them."""
    (FOLDER / "icon.svg").write_text(icon_svg(), encoding="utf-8")
    icon(ICON_PX).save(FOLDER / "icon.png", optimize=True)
    banner().save(FOLDER / "banner.png", optimize=True)


if __name__ == "__main__":
    main()
