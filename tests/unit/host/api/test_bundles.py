"""A bundle holds what a maintainer needs, and another history takes it in."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.host.api.bundles import get_bundle, import_runs
from engine.host.api.call import Call, File, Host, RefusedError
from engine.store.database import Database
from engine.store.history import History
from engine.store.run_file import RunFile
from tests.builders import inside_run

TEXT = "a castle on a hill at night"


def history(folder: Path, count: int = 0) -> History:
    folder.mkdir()
    database = Database(folder / "history.db")
    for _ in range(count):
        prompt = {"6": {"class_type": "CLIPTextEncode", "inputs": {"text": TEXT}}}
        made = inside_run()
        kernels = tuple(replace(node, trace_file="trace.json.gz") for node in made.kernels)
        run = replace(
            made,
            id=None,
            workflow_id="w",
            prompt=prompt,
            user_id="default",
            status="success",
            kernels=kernels,
        )
        RunFile.of(run).save(database, 0.0)
    return History(database)


def call(kept: History, **values: Any) -> Call:
    host = SimpleNamespace(history=lambda _user: kept, send=lambda *_given: None)
    return Call(user_id="default", host=cast(Host, host), **values)


def bundle(kept: History, run_id: int, *, texts: bool = False) -> bytes:
    found = get_bundle(call(kept, path={"run_id": run_id}, query={"texts": texts}))
    assert isinstance(found, File)
    return found.content


def test_a_bundle_is_complete_and_comes_back_whole_on_another_machine(tmp_path: Path) -> None:
    kept = history(tmp_path / "mine", 2)
    content = bundle(kept, 2)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        names = set(opened.namelist())
        assert {"report.html", "run.json", "issue.md", "stacks.speedscope.json", "environment.txt"} <= names
        assert {"comparison.json", "history.db", "trace.json"} <= names
        assert json.loads(opened.read("comparison.json"))["baseline_ids"] == [1]
        everything = b"".join(opened.read(name) for name in names)
        assert TEXT.encode() not in everything
        issue = opened.read("issue.md").decode()
        assert "KSampler takes" in issue
        assert "ComfyUI 0.30.0" in issue
    file = tmp_path / "bundle.zip"
    file.write_bytes(content)
    other = history(tmp_path / "theirs")
    assert import_runs(call(other, upload=file))["notes"] == [], "the bundle's history is one whole file"
    found = other.load_run(1)
    assert found.stacks == inside_run().stacks
    assert found.owner_times
    assert [node.trace_file for node in found.kernels] == [None], "the file is on the other machine"
    assert import_runs(call(other, upload=file))["skipped_runs"] == 1


def test_texts_are_in_a_bundle_only_when_asked_for(tmp_path: Path) -> None:
    kept = history(tmp_path / "mine", 1)
    with zipfile.ZipFile(io.BytesIO(bundle(kept, 1, texts=True))) as opened:
        assert TEXT in opened.read("run.json").decode()
        assert "comparison.json" not in opened.namelist()


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 100])
def test_what_is_no_bundle_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(content)
    with pytest.raises(RefusedError) as refused:
        import_runs(call(history(tmp_path / "mine"), upload=file))
    assert refused.value.status == 422
