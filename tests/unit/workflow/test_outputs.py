"""What nodes gave to the user is read from ComfyUI's own record of it."""

from __future__ import annotations

import pytest

from engine.model import Output
from engine.workflow.outputs import FILES_MAX, frame_count, outputs_of


def file(name: str, kind: str = "output") -> dict[str, str]:
    return {"filename": name, "subfolder": "sub", "type": kind}


def test_each_node_has_an_entry_a_kind() -> None:
    found = outputs_of(
        {
            "1": {"images": [file("a.png"), file("b.png")]},
            "2": {"images": [file("c.webp")], "animated": (True,)},
            "3": {"gifs": [{**file("d.mp4"), "format": "video/h264-mp4", "frame_rate": 16.0}]},
            "4": {"audio": [file("e.flac", "temp")]},
            "5": {"text": ["one", "two"], "holaf_profiler": [{"run_id": 3}]},
            "6": {"result": ["mesh.glb", None], "3d": [file("mesh.glb")]},
            "7": {"images": [file("mine.png")]},
        },
        without=("7",),
    )
    assert [(each.node_id, each.kind, each.count, len(each.files)) for each in found] == [
        ("1", "image", 2, 2),
        ("2", "animation", 1, 1),
        ("3", "video", 1, 1),
        ("4", "audio", 1, 1),
        ("5", "text", 2, 0),
        ("6", "3d", 1, 1),
    ]
    assert found[3].files == (file("e.flac", "temp"),)


def test_all_are_counted_and_the_first_named() -> None:
    (found,) = outputs_of({"1": {"images": [file(f"{number}.png") for number in range(FILES_MAX + 7)]}})
    assert (found.count, len(found.files)) == (FILES_MAX + 7, FILES_MAX)


@pytest.mark.parametrize(
    "odd", [None, 3, [], {"1": None}, {"1": {"images": 3}}, {"1": {"images": [3, {"filename": None}]}}]
)
def test_what_is_no_output_is_passed_over(odd: object) -> None:
    assert outputs_of(odd) == ()


@pytest.mark.parametrize(
    ("kind", "count", "sizes", "frames"),
    [
        ("video", 1, {"frames": 81}, 81),
        ("animation", 1, {"batch_size": 16}, 16),
        ("video", 1, {}, None),
        ("image", 81, {"frames": 81}, 81),
        ("image", 4, {"batch_size": 4}, None),
        ("image", 1, {"frames": 81}, None),
    ],
)
def test_frames_are_those_of_a_video(
    kind: str, count: int, sizes: dict[str, int], frames: int | None
) -> None:
    made = Output(node_id="1", kind=kind, count=count)  # type: ignore[arg-type] # a parameter
    assert frame_count([made], sizes) == frames
