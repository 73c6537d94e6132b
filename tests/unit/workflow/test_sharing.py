"""What a run given to strangers no longer holds, and what it still does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from engine.model import Run
from engine.render.plain import to_json
from engine.workflow.sharing import shareable
from tests.builders import inside_run

TEXT = "a lighthouse in the fog, oil on canvas"
PROMPT: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "_meta": {"title": "My very own sampler"},
        "inputs": {
            "sampler_name": "euler",
            "seed": 7,
            "model": ["4", 0],
            "api_key": "sk-0123456789abcdef0123",
        },
    },
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": TEXT, "clip": ["4", 1]}},
    "4": {
        "class_type": "CheckpointLoaderSimple",
        "inputs": {"ckpt_name": "/home/anna/models/sd xl.safetensors"},
    },
}
GRAPH = {
    "nodes": [
        {"id": 6, "type": "CLIPTextEncode", "title": "A long title here", "widgets_values": [TEXT, "euler"]}
    ]
}


def run() -> Run:
    base = inside_run()
    step = replace(base.steps[0], inputs_json=json.dumps(PROMPT["6"]["inputs"]))
    return replace(
        base,
        steps=(step, *base.steps[1:]),
        prompt=PROMPT,
        workflow=GRAPH,
        user_id="anna",
        warnings=(r"cannot write C:\Users\Anna B\x.png", "see /data/secret place/y"),
        error_message="No such file: '/home/anna/in.png'",
        environment={**base.environment, "odd": "/root/.cache/x"},
    )


def text_of(found: Run) -> str:
    return json.dumps(to_json(found), ensure_ascii=False)


def test_no_secrets_no_home_and_no_texts() -> None:
    found = text_of(shareable(run(), ["/data/secret place"]))
    for gone in ("anna", "Anna", "lighthouse", "sk-0123", "/root", "secret place"):
        assert gone not in found, gone
    for kept in ("euler", "My very own sampler", "A long title here", "attention_pytorch", "~"):
        assert kept in found, kept


def test_texts_come_along_when_asked_for() -> None:
    found = shareable(run(), texts=True)
    assert found.prompt is not None
    assert found.prompt["6"]["inputs"]["text"] == TEXT
    assert found.prompt["3"]["inputs"]["api_key"] == "<hidden>"
    assert "anna" not in text_of(found)


def test_wires_numbers_and_stacks_stay_as_they_are() -> None:
    found = shareable(run())
    assert found.prompt is not None
    assert found.prompt["3"]["inputs"]["model"] == ["4", 0]
    assert found.prompt["3"]["inputs"]["seed"] == 7
    assert found.stacks == run().stacks
    assert found.steps[3] == run().steps[3]


@pytest.mark.parametrize(
    "text", ["/home/anna", r"C:\\Users\\anna\\x", "D:/Users/anna/y", "file:///home/anna/z"]
)
def test_home_folders_in_every_spelling(text: str) -> None:
    assert "anna" not in str(shareable(replace(run(), error_message=text)).error_message)
