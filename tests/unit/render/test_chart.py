"""The picture: nothing overlaps, nothing is cut off, nothing warns, whatever the run."""

from __future__ import annotations

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engine.model import Group, Run
from engine.render.chart import picture as chart
from engine.render.chart.axis import TimeAxis, decimate
from engine.render.chart.canvas import DESIGN_WIDTH, Canvas
from engine.render.chart.palette import palette_for
from engine.render.chart.theme import DARK, LIGHT, TYPE_COLORS, Theme, type_color
from engine.render.chart.timeline import arrange
from engine.render.options import Options
from engine.render.report import prepare
from engine.workflow.groups import GROUP_COLORS
from tests import builders

ROOT = Path(__file__).resolve().parents[3]
Letters = tuple[float, float, float, float, str]


class RecordingCanvas(Canvas):
    """Draws as ever, and remembers where each text came to stand."""

    made: list[RecordingCanvas]

    def __init__(self, width_px: int, background: str) -> None:
        super().__init__(width_px, background)
        self.letters: list[Letters] = []
        self.height = 0.0
        type(self).made.append(self)

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
        text = text if limit is None else self.fit(text, size, limit, bold)
        wide = self.measure(text, size, bold)
        left = x - {"left": 0.0, "center": wide / 2, "right": wide}[align]
        baseline = y + 0.36 * size if middle else y
        if wide:
            self.letters.append((left, baseline - 0.74 * size, left + wide, baseline + 0.2 * size, text))
        return super().text(x, y, text, size, color, bold=bold, align=align, middle=middle)

    def finish(self, height: float):  # type: ignore[no-untyped-def]
        self.height = height
        return super().finish(height)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> type[RecordingCanvas]:
    monkeypatch.setattr(chart, "Canvas", RecordingCanvas)
    RecordingCanvas.made = []
    return RecordingCanvas


def overlapping(letters: list[Letters]) -> list[tuple[str, str]]:
    found = []
    for one, other in combinations(letters, 2):
        across = min(one[2], other[2]) - max(one[0], other[0])
        down = min(one[3], other[3]) - max(one[1], other[1])
        if across > 0.5 and down > 0.5:
            found.append((one[4], other[4]))
    return found


@pytest.mark.parametrize("name", builders.RUNS)
def test_texts_neither_overlap_nor_leave_the_picture(name: str, recording: type[RecordingCanvas]) -> None:
    run = builders.RUNS[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = chart.draw(prepare(run, Options(theme="light" if len(name) % 2 else "dark")))
    (canvas,) = recording.made
    assert picture.mode == "RGB"
    assert picture.width == 1600
    assert canvas.letters
    outside = [
        entry
        for entry in canvas.letters
        if entry[0] < 0 or entry[2] > DESIGN_WIDTH or entry[1] < 0 or entry[3] > canvas.height
    ]
    assert outside == []
    assert overlapping(canvas.letters) == []


@pytest.mark.parametrize(
    ("sort_by", "width_px"),
    [
        ("VRAM peak", 400),
        ("VRAM change", 1000),
        ("RAM peak", 2400),
        ("execution order", 1000),
        ("nonsense", 640),
    ],
)
def test_every_order_fits_at_every_width(
    sort_by: str, width_px: int, recording: type[RecordingCanvas]
) -> None:
    run = builders.RUNS["nodes_0120"]()
    picture = chart.draw(prepare(run, Options(sort_by=sort_by, top_n=0)), width_px=width_px)
    assert picture.width == width_px
    (canvas,) = recording.made
    assert overlapping(canvas.letters) == []


def test_text_that_looks_like_mathematics_is_drawn_as_it_stands(recording: type[RecordingCanvas]) -> None:
    title = "$\\frac{1$ _x_ ^2"
    run = replace(builders.one_node_run(), name=title)
    chart.draw(prepare(replace(run, steps=(replace(run.steps[0], node_title=title),))))
    (canvas,) = recording.made
    assert any(entry[4].startswith(title) for entry in canvas.letters)


def test_many_groups_do_not_run_over(recording: type[RecordingCanvas]) -> None:
    run = builders.chain_run(60, 30.0)
    groups = [Group(name=f"group number {n} " * 3, color="#123456", members=(str(n),)) for n in range(1, 60)]
    chart.draw(prepare(run, Options(top_n=3), groups))
    (canvas,) = recording.made
    assert overlapping(canvas.letters) == []
    assert any("more ·" in entry[4] for entry in canvas.letters)


def test_what_is_missing_is_said_with_its_reason(recording: type[RecordingCanvas]) -> None:
    chart.draw(prepare(builders.cpu_only_run()))
    said = " ".join(entry[4] for entry in recording.made[0].letters)
    assert "no GPU in use: ComfyUI runs with --cpu" in said
    assert "NVML is not installed" in said
    assert "VRAM peak" not in said


def test_changed_and_forced_runs_are_marked(recording: type[RecordingCanvas]) -> None:
    chart.draw(prepare(builders.interrupted_run()))
    said = " ".join(entry[4] for entry in recording.made[0].letters)
    assert "forced" in said
    assert "workflow changed" in said
    assert "differs from its reference" in said


def test_group_colour_fills_its_nodes_share_of_the_time_axis() -> None:
    step_a = builders.step("1", "A", 0.0, 6.0)
    step_b = builders.step("2", "B", 6.0, 4.0)
    run = Run(timestamp=builders.TIMESTAMP, status="success", total_time=10.0, steps=(step_a, step_b))
    groups = [
        Group(name="a", color="#12AB34", members=("1",)),
        Group(name="b", color="#AB1234", members=("2",)),
    ]
    pixels = np.asarray(chart.draw(prepare(run, groups=groups))).astype(int)

    def longest(color: tuple[int, int, int]) -> int:
        return int((np.abs(pixels - color).max(axis=2) <= 2).sum(axis=1).max())

    assert longest((0x12, 0xAB, 0x34)) / longest((0xAB, 0x12, 0x34)) == pytest.approx(6 / 4, rel=0.02)


def test_a_type_has_one_colour_whatever_runs_beside_it_and_a_group_its_own() -> None:
    step_a, step_b = builders.step("1", "KSampler", 0.0, 6.0), builders.step("2", "SomeNode", 6.0, 4.0)
    both = palette_for((step_a, step_b), (), 10.0)
    assert both.of(step_b) == palette_for((step_b,), (), 4.0).of(step_b) == type_color("SomeNode")
    run = Run(timestamp="", total_time=10.0, steps=(step_a, step_b))
    groups = [Group(name=name, color=name, members=("1",)) for name in ("#111111", "#222222")]
    grouped = palette_for(run.steps, prepare(run, groups=groups).totals, 10.0)
    assert grouped.all_of(step_a) == ("#111111", "#222222")
    assert grouped.all_of(step_b) == (type_color("SomeNode"),)


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_no_lane_has_the_colour_of_a_node(theme: Theme) -> None:
    lanes = {theme.vram, theme.ram, theme.gpu, theme.cpu, theme.power}
    assert len(lanes) == 5
    assert lanes.isdisjoint((*TYPE_COLORS, *GROUP_COLORS))


def test_threads_draw_what_one_thread_draws() -> None:
    runs = [builders.RUNS[name]() for name in ("hostile", "async", "all_cached")]
    alone = [chart.draw(prepare(run)).tobytes() for run in runs]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda run: chart.draw(prepare(run)).tobytes(), runs))
    assert together == alone


def test_matplotlib_waits_for_the_first_picture_and_pyplot_never_comes() -> None:
    code = (
        "import sys\n"
        "from engine.render import report, table\n"
        "from engine.render.chart import picture\n"
        "from engine.render.formats import FORMATS, summary_json\n"
        "assert not {'matplotlib', 'tabulate', 'PIL'} & set(sys.modules), 'imported too early'\n"
        "from engine.model import Run\n"
        "picture.draw(report.prepare(Run(timestamp='', status='success', total_time=1.0)))\n"
        "assert 'matplotlib' in sys.modules\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_decimation_keeps_a_spike_of_one_reading() -> None:
    values = np.zeros(200_000)
    values[123_456] = 7.0
    packed = decimate(np.linspace(0.0, 1438.0, len(values)), values, 1438.0)
    assert packed is not None
    assert packed.high.max() == 7.0
    assert len(packed.x) <= 1440
    assert decimate(np.arange(100.0), np.zeros(100), 1438.0) is None


@pytest.mark.parametrize("total_s", [1e-6, 0.0123, 0.05, 1.9, 41.2, 95.0, 130.0, 640.0, 7203.0, 90_000.0])
def test_time_ticks_are_few_and_told_apart(total_s: float) -> None:
    ticks = TimeAxis(total_s, 100.0, 1500.0).ticks()
    labels = [label for _, label in ticks]
    assert 3 <= len(ticks) <= 10
    assert len(set(labels)) == len(labels)
    assert all(100.0 <= x <= 1500.5 for x, _ in ticks)


def test_overlapping_nodes_stand_on_rows_of_their_own() -> None:
    bars, crowded = arrange(builders.async_run().steps, 9.92)
    rows = {bar.step.node_id: bar.row for bar in bars}
    assert crowded == 0
    assert rows["1"] == rows["2"] == rows["6"] == 0
    assert rows["3"] == 1
    assert rows["4"] == 2
    assert rows["5"] == 3
    assert rows["6.0.0.1"] == rows["6.0.0.2"] == rows["6.0.0.3"] == 1
    switch = next(bar for bar in bars if bar.step.node_id == "4")
    assert switch.waits == ((0.55, 3.05),)
    assert switch.work == ((0.5, 0.55), (3.05, 3.1))
