"""How much a prompt asks for is read from its widgets, through wires too."""

from __future__ import annotations

import pytest

from engine.workflow.sizes import read, sizes


def test_the_empty_latent_says_the_size_and_samplers_the_steps() -> None:
    prompt = {
        "1": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": 512, "height": 768, "batch_size": ["9", 0]},
        },
        "2": {"class_type": "ImageScale", "inputs": {"width": 4096, "height": 4096}},
        "3": {"class_type": "KSampler", "inputs": {"steps": 20, "latent_image": ["1", 0]}},
        "4": {"class_type": "KSampler", "inputs": {"steps": 8}},
        "9": {"class_type": "PrimitiveInt", "inputs": {"value": 4}},
    }
    assert sizes(prompt) == {"width": 512, "height": 768, "batch_size": 4, "steps": 28}


@pytest.mark.parametrize("name", ["length", "num_frames", "frames", "video_frames", "frames_number"])
def test_frames_have_many_names(name: str) -> None:
    prompt = {"1": {"class_type": "EmptyVideo", "inputs": {"width": 832, "height": 480, name: 81}}}
    assert sizes(prompt) == {"width": 832, "height": 480, "frames": 81}


def test_a_length_that_is_not_beside_a_size_is_something_else() -> None:
    assert sizes({"1": {"class_type": "Text", "inputs": {"length": 80}}}) == {}


@pytest.mark.parametrize("odd", [None, "20", True, -1, 0, 1.5, ["nowhere", 0], 2**40])
def test_odd_values_say_nothing(odd: object) -> None:
    assert sizes({"1": {"class_type": "KSampler", "inputs": {"steps": odd, "width": odd, "height": 8}}}) == {}


@pytest.mark.parametrize("node", [None, [], {}, {"inputs": 3}, {"class_type": "A", "inputs": None}])
def test_odd_nodes_say_nothing(node: object) -> None:
    assert sizes({"1": node}) == {}  # type: ignore[dict-item] # what a client may send


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("width 1024, height 768; Steps=30", {"width": 1024, "height": 768, "steps": 30}),
        ("batch 4\nframes: 81", {"batch_size": 4, "frames": 81}),
        ("", {}),
        ("steps many, 30 steps, width 0", {}),
    ],
)
def test_sizes_that_somebody_wrote_down(text: str, found: dict[str, int]) -> None:
    assert read(text) == found
