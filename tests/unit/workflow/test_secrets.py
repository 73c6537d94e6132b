"""Secrets are found by their names and by their looks, and what is none stays."""

from __future__ import annotations

import time

import pytest

from engine.workflow.redaction import hide, without_secrets
from engine.workflow.secrets import HIDDEN, hide_in_text, is_secret
from tests.builders.secrets import PLANTED, in_text


@pytest.mark.parametrize("name", [name for name, _ in PLANTED])
def test_every_planted_name_is_a_secrets(name: str) -> None:
    assert is_secret(name, "value-of-mine")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("max_tokens", 512), ("tokens", 77), ("tokens", "77"), ("max_tokens", "512"), ("key", "C minor")),
        *(
            ("token_normalization", "mean"),
            ("sort_key", "time"),
            ("musical_key", "C"),
            ("second_pass", "hires"),
        ),
        *(("num_passes", 2), ("author", "me"), ("keyframe", 3), ("secretary", "x"), ("compass", "north")),
        *(("api_key", ""), ("api_key", None), ("password", False), ("passthrough", "x"), ("bypass", "all")),
        *(("shipping", "x"), ("spinning", "y"), ("tokenizer", "t5"), ("keys", "a"), ("key_2", "b")),
    ],
)
def test_ordinary_names_and_values_are_no_secrets(name: str, value: object) -> None:
    assert not is_secret(name, value)


@pytest.mark.parametrize("text", in_text())
def test_what_is_planted_in_text_is_hidden(text: tuple[str, str]) -> None:
    whole, secret = text
    hidden = hide_in_text(whole)
    assert secret not in hidden
    assert HIDDEN in hidden
    for before in ("error 401: ", "detail=", "--url ", '{"message": "'):
        assert secret not in hide_in_text(before + whole)


@pytest.mark.parametrize(
    "text",
    [
        "a flag bearer standing on a basic composition, token of love, masterpiece",
        "https://example.com/@artist/path?size=3&seed=12",
        "C:\\models\\sd_xl_base_1.0.safetensors",
        "mean: 0.5, std: 0.5; steps=20, cfg=7.5",
        "a photo of a key, (keys:1.2), author: somebody",
        "mailto:someone@example.com",
        "2026-05-31T14:00:00Z 12:30:05 127.0.0.1:8188",
        "file -rf /tmp/sk-short hf_x",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert hide_in_text(text) == text


def test_hiding_twice_changes_nothing_more() -> None:
    for whole, _ in in_text():
        once = hide_in_text(whole)
        assert hide_in_text(once) == once


def test_long_text_is_looked_through_in_linear_time() -> None:
    for piece in ("a", "-", "://", "key=", "bearer ", "a:", "@", '\\"', "-----BEGIN PRIVATE KEY-----"):
        durations = []
        for length in (50_000, 200_000):
            text = piece * (length // len(piece))
            began = time.process_time()
            hide_in_text(text)
            durations.append(time.process_time() - began)
        # four times the text: a quadratic pattern would take sixteen times as long
        assert durations[1] < 9 * durations[0] + 0.05, piece


def test_a_graphs_nameless_widgets_hide_what_the_prompt_hides() -> None:
    prompt = {
        "1": {"class_type": "Api", "inputs": {"api_key": "value-of-mine", "text": "hello", "model": ["2", 0]}}
    }
    graph = {
        "nodes": [{"id": 1, "widgets_values": ["value-of-mine", "hello"]}],
        "links": [[1, 2, 0, 1, 0, "M"]],
    }
    shown, drawn = without_secrets(prompt, graph)
    assert shown["1"]["inputs"] == {"api_key": HIDDEN, "text": "hello", "model": ["2", 0]}
    assert drawn["nodes"][0]["widgets_values"] == [HIDDEN, "hello"]
    assert drawn["links"] == graph["links"]
    assert prompt["1"]["inputs"]["api_key"] == "value-of-mine"
    assert without_secrets(None, None) == (None, None)


def test_structures_keep_their_form() -> None:
    given = {"a": [1, 2.5, None, True, {"password": 7, "n": 1}], "token": {"x": ["y"]}, "tokens": [1, 2]}
    assert hide(given) == {
        "a": [1, 2.5, None, True, {"password": HIDDEN, "n": 1}],
        "token": {"x": ["y"]},
        "tokens": [1, 2],
    }
