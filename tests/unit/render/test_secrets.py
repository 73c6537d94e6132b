"""No secret leaves the process with an export; the workflow that can be run again is the stated exception."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

import pytest
from PIL import Image

from engine.model import Run
from engine.render import formats
from engine.render.options import Options
from engine.render.report import prepare
from engine.workflow.redaction import redact, without_secrets
from engine.workflow.secrets import hide_in_text
from tests.builders import sdxl_run
from tests.builders.secrets import PLANTED, in_text

SECRETS = [*(value for _, value in PLANTED), *(secret for _, secret in in_text())]


@pytest.fixture(scope="module")
def run() -> Run:
    """A failed run whose workflow, inputs and error message are full of secrets."""
    inputs: dict[str, Any] = dict(PLANTED) | {f"text_{n}": text for n, (text, _) in enumerate(in_text())}
    made = sdxl_run()
    first = made.steps[0]
    prompt = {first.node_id: {"class_type": first.node_type, "inputs": inputs, "_meta": {"title": "x"}}}
    workflow = {"id": "wf", "nodes": [{"id": 1, "type": "x", "widgets_values": list(inputs.values())}]}
    message = hide_in_text("\n".join(text for text, _ in in_text()))
    step = dataclasses.replace(first, inputs_json=redact(inputs), status="error", error_message=message)
    return dataclasses.replace(
        made,
        steps=(step, *made.steps[1:]),
        prompt=prompt,
        workflow=workflow,
        status="failed",
        error_message=message,
        error_type="RuntimeError",
        error_node_id=first.node_id,
    )


def test_enough_is_planted() -> None:
    assert len(SECRETS) == len(set(SECRETS)) > 80


@pytest.mark.parametrize("kind", ["txt", "md", "csv", "json", "html", "trace"])
def test_no_export_holds_a_secret(run: Run, kind: str) -> None:
    text = formats.export(prepare(run, Options()), kind).data.decode("utf-8")
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_pictures_summary_holds_none_and_its_workflow_is_whole(run: Run) -> None:
    picture = Image.open(io.BytesIO(formats.export(prepare(run, Options()), "png").data))
    texts = dict(picture.text)  # type: ignore[attr-defined] # a PNG's own
    assert json.loads(texts.pop("prompt")) == run.prompt
    assert json.loads(texts.pop("workflow")) == run.workflow
    assert [secret for secret in SECRETS if secret in str(texts)] == []


def test_a_workflow_without_secrets_holds_none(run: Run) -> None:
    text = json.dumps(without_secrets(run.prompt, run.workflow), ensure_ascii=False)
    assert [secret for secret in SECRETS if secret in text] == []
