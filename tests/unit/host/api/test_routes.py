"""Addresses and the routes they mean."""

from __future__ import annotations

import pytest

from engine.host.api.routes import ROUTES, find


@pytest.mark.parametrize(
    ("method", "tail", "expected", "path"),
    [
        ("GET", "runs", "list_runs", {}),
        ("GET", "runs/compare", "compare_runs", {}),
        ("GET", "runs/7", "get_run", {"run_id": "7"}),
        ("GET", "runs/", "get_run", {"run_id": ""}),
        ("PATCH", "runs/compare", "edit_run", {"run_id": "compare"}),
        ("GET", "runs/7/export/png", "export_run", {"run_id": "7", "format": "png"}),
        ("POST", "history/import", "import_history", {}),
    ],
)
def test_an_address_finds_its_route(method: str, tail: str, expected: str, path: dict[str, str]) -> None:
    found = find(ROUTES, method, tail)
    assert found.route is not None
    assert (found.route.handler.__name__, found.path) == (expected, path)


@pytest.mark.parametrize(
    ("method", "tail", "methods"),
    [
        ("POST", "runs", ("GET",)),
        ("PUT", "runs/7", ("DELETE", "GET", "PATCH")),
        ("GET", "", ()),
        ("GET", "runs/7/", ()),
        ("GET", "runs/7/workflow/x", ()),
    ],
)
def test_any_other_tells_what_would_do(method: str, tail: str, methods: tuple[str, ...]) -> None:
    found = find(ROUTES, method, tail)
    assert (found.route, found.methods) == (None, methods)
