"""Draws every hand-built run, dark and light, to look at.

``python tests/gallery/draw_gallery.py FOLDER [NAME...]``
With ``--width 1000`` the pictures are scaled down as a canvas does it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


from engine.render import table  # noqa: E402
from engine.render.chart import picture as chart  # noqa: E402
from engine.render.options import Options  # noqa: E402
from engine.render.report import prepare  # noqa: E402
from tests import builders  # noqa: E402


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(builders.RUNS)}; all without any")
    parser.add_argument("--width", type=int, default=0, help="scale the finished picture to this width")
    parser.add_argument("--theme", choices=["dark", "light"], action="append")
    parser.add_argument("--sort-by", default="active time")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.names or builders.RUNS:
        run = builders.RUNS[name]()
        (options.folder / f"{name}.txt").write_text(table.render(prepare(run)), encoding="utf-8")
        for theme in options.theme or ["dark", "light"]:
            begin = time.perf_counter()
            picture = chart.draw(prepare(run, Options(theme=theme, sort_by=options.sort_by)))
            spent_s = time.perf_counter() - begin
            if options.width:
                picture = picture.resize(
                    (options.width, round(picture.height * options.width / picture.width))
                )
            target = options.folder / f"{name}_{theme}.png"
            picture.save(target)
            print(f"{target}  {picture.width} x {picture.height}  {spent_s:.2f} s")


if __name__ == "__main__":
    main()
