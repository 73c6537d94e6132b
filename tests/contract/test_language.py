"""Reports are in the language of the page that queues or asks; clients that name none get English."""

from __future__ import annotations

from typing import Any

import pytest

from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profile, Profiler, read_profile


def profiled(profiler: Profiler, fresh: str, **headers: str) -> Profile:
    """A profiled run, queued with ``headers`` as a page sends them."""
    scene = Scene()
    scene.start()
    scene.show(scene.add("Sleep", id="slow", named="Slow", value=fresh, ms=60), id="show")
    scene.report()
    body: dict[str, Any] = {"prompt": scene.prompt, "client_id": profiler.client.client_id}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    status, answer = profiler.client.request("POST", "/prompt", body, sent)
    assert status == 200, answer
    return read_profile(profiler.client, profiler.client.wait(answer["prompt_id"]))


def test_a_report_is_in_the_language_of_the_page_that_queued(profiler: Profiler, fresh: str) -> None:
    profile = profiled(profiler, fresh, Accept_Language="fr-FR,fr;q=0.9")
    assert "nœud" in profile.report()["table"]
    assert profile.report()["headline"].startswith("Slow prend ")


@pytest.mark.parametrize("header", [None, "pt-BR", "../../etc", "zz"])
def test_english_is_what_everybody_else_gets(profiler: Profiler, fresh: str, header: str | None) -> None:
    profile = profiled(profiler, fresh, **({"Accept_Language": header} if header else {}))
    assert profile.report()["headline"].startswith("Slow takes ")


def test_an_export_is_in_the_language_of_who_asks(profiler: Profiler, fresh: str) -> None:
    run_id = profiled(profiler, fresh).run["id"]
    path = f"/holaf/profiler/runs/{run_id}/export"
    for code, word in (("de", "Knoten"), ("ja", "ノード")):
        status, text = profiler.client.request("GET", f"{path}/md", headers={"Accept-Language": code})
        assert status == 200
        assert word in text
    english = profiler.client.get(f"{path}/csv")
    german = profiler.client.request("GET", f"{path}/csv", headers={"Accept-Language": "de"})[1]
    assert german == english, "what programs read is the same in every language"


def test_a_refusal_is_in_the_language_of_who_asks(profiler: Profiler, fresh: str) -> None:
    status, answer = profiler.client.request(
        "GET", "/holaf/profiler/runs/999999999", headers={"Accept-Language": "de"}
    )
    assert (status, answer["error"]["message"]) == (404, "Im Verlauf gibt es keinen Lauf 999999999.")

    scene = Scene()
    scene.start(on_mismatch="block")
    scene.show(scene.add("Pass", id="one", value=fresh), id="show")
    workflow = {"id": fresh, "nodes": [], "links": []}
    graph = {"prompt": scene.prompt, "workflow": workflow}
    assert profiler.client.request("POST", "/holaf/profiler/update_nodes", graph)[0] == 200
    scene.show(scene.add("Pass", id="two", value=fresh), id="more")
    body = {"prompt": scene.prompt, "extra_data": {"extra_pnginfo": {"workflow": workflow}}}
    status, answer = profiler.client.request("POST", "/prompt", body, {"Accept-Language": "zh"})
    assert status == 400
    assert answer["error"]["message"].startswith("自上次更新节点以来工作流已变化：")
