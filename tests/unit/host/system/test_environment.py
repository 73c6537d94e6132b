"""Launch flags are kept without what is nobody's business."""

from __future__ import annotations

import pytest

from engine.host.system.environment import flags_text


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--lowvram", "--port", "8188"], "--lowvram"),
        (["--listen", "0.0.0.0", "--port=80", "--cuda-device", "1"], "--cuda-device 1"),
        (["--output-directory", "/home/me/out", "--fast", "fp16"], "--output-directory <path> --fast fp16"),
        (["--models=C:\\Users\\me"], "--models=<path>"),
        (["--api-key", "abc123", "--cpu"], "--api-key <hidden> --cpu"),
        (["--hf-token=hf_abc"], "--hf-token=<hidden>"),
        ([], ""),
    ],
)
def test_flags_without_secrets_and_paths(arguments: list[str], shown: str) -> None:
    assert flags_text(arguments) == shown
