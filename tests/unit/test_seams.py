"""The places into which ``tests/faults`` puts faults exist: a renamed one would pass without a fault."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.faults.seams import SEAMS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("address", sorted({seam.address for seam in SEAMS.values()}))
def test_a_seam_is_a_function_of_its_module(address: str) -> None:
    module, _, path = address.partition(":")
    body = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")).body
    *holders, name = path.split(".")
    for holder in holders:
        body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == holder)
    known = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    imported = (
        alias.asname or alias.name
        for node in body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )
    assert name in known.union(imported)
