"""The OpenAPI document belongs to the table of routes and is a valid one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from engine.host.api.openapi import build
from engine.host.api.routes import ROUTES


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_every_reference_leads_somewhere_and_all_is_json() -> None:
    document = json.loads(json.dumps(build(ROUTES)))
    found = set(references(document))
    assert found
    for reference in found:
        target = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_every_operation_is_told_apart_and_described() -> None:
    operations = [op for path in build(ROUTES)["paths"].values() for op in path.values()]
    assert len(operations) == len(ROUTES) == len({op["operationId"] for op in operations})
    assert all(op["summary"] and op["description"].endswith(".") for op in operations)


def test_path_parameters_are_those_of_the_path() -> None:
    for path, operations in build(ROUTES)["paths"].items():
        for operation in operations.values():
            named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert set(re.findall(r"{(\w+)}", path)) == named, path


def test_only_routes_that_change_something_have_a_body() -> None:
    for route in ROUTES:
        assert route.body is None or route.method in ("POST", "PUT", "PATCH"), route.path


def test_runs_and_steps_have_their_tables_columns() -> None:
    components = build(ROUTES)["components"]["schemas"]
    base = {"id", "timestamp", "name", "workflow_hash", "global_comment", "total_time"}
    assert base <= components["Run"]["properties"].keys()
    base = {"id", "run_id", "node_id", "node_title", "node_type", "vram_start", "vram_max", "vram_end"}
    base |= {"exec_time", "cpu_max", "gpu_load_max", "gpu_load_avg", "inputs_json", "step_comment"}
    assert base <= components["Step"]["properties"].keys()
