"""What is kept of a node's inputs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.workflow.redaction import STRING_LIMIT, redact
from engine.workflow.secrets import HIDDEN, is_secret_name


def kept(**inputs: Any) -> Any:
    return json.loads(redact(inputs), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_plain_values_and_links_stay_what_they_are() -> None:
    inputs = {"model": ["12", 0], "seed": 2**64 - 1, "cfg": 7.5, "text": "naïve 🐈", "on": True, "none": None}
    assert kept(**inputs) == inputs


def test_long_text_is_cut_and_says_so() -> None:
    text = kept(prompt="x" * (STRING_LIMIT + 500))["prompt"]
    assert text.startswith("x" * STRING_LIMIT)
    assert "500 more" in text


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("-inf"),
        1 << 4_000_000,
        b"\x00\xff",
        bytearray(b"x"),
        "\ud800 lone",
        nested(10_000),
        {"a": {"b": object()}},
        {1: 2, None: 3},
        {"x", "y"},
        list(range(100_000)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_absurd_values_are_survived_and_short(value: Any) -> None:
    text = redact({"value": value, "after": "still here"})
    assert json.loads(text)["after"] == "still here"
    text.encode("utf-8")
    assert len(text) < 20_000


def test_a_value_that_holds_itself_is_survived() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert kept(loop=loop)["loop"][0] == 1


@pytest.mark.parametrize(
    "name",
    [
        *("api_key", "apiKey", "OPENAI_API_KEY", "hf_token", "token", "Password", "client-secret"),
        *("authorization", "auth", "access_token", "privateKey", "AWSSecretAccessKey", "session_cookie"),
    ],
)
def test_secrets_are_hidden_by_name(name: str) -> None:
    assert kept(**{name: "value-of-mine", "list": {name: ["deep"]}}) == {name: HIDDEN, "list": {name: HIDDEN}}


@pytest.mark.parametrize(
    "name",
    ["max_tokens", "tokens", "token_normalization", "tokenizer", "author", "key", "keyframe", "secretary"],
)
def test_ordinary_names_are_no_secrets(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "value",
    [
        "sk-abcdefghijklmnopqrstuv",
        "hf_abcdefghijklmnopqrst",
        "Bearer abc.def",
        "ghp_abcdefghijklmnopqrstuv12",
    ],
)
def test_secrets_are_hidden_by_their_look(value: str) -> None:
    assert kept(text=value)["text"].removeprefix("Bearer ") == HIDDEN


def test_a_wired_secret_stays_a_link_and_an_empty_one_empty() -> None:
    assert kept(api_key=["4", 1], token="") == {"api_key": ["4", 1], "token": ""}


def test_a_login_in_an_address_is_hidden() -> None:
    assert kept(url="https://me:pass@host/x") == {"url": f"https://{HIDDEN}@host/x"}
