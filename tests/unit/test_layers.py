"""The arrows of the design: who may import whom, and what no start-up may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACK = "pack"
HOST_MODULES = {"comfy", "comfy_api", "comfy_execution", "comfy_aimdo", "execution", "folder_paths", "server"}
HOST_MODULES |= {"latent_preview", "app", "nodes"}
LATE_MODULES = {"scipy", "matplotlib", "tabulate", "alembic", "pynvml", "torch", "amdsmi"}

# room -> the other rooms that its files may import
ARROWS = {
    "__init__": {"nodes", "engine/host"},
    "nodes": {"engine/host", "engine/render"},
    "engine/host": {
        "engine/store",
        "engine/render",
        "engine/analysis",
        "engine/capture",
        "engine/probes",
        "engine/workflow",
        "engine/model",
        "engine/clock",
        "engine/language",
    },
    "engine/store": {"engine/workflow", "engine/model", "engine/clock"},
    "engine/render": {"engine/analysis", "engine/workflow", "engine/model", "engine/language"},
    "engine/analysis": {"engine/workflow", "engine/model", "engine/language"},
    "engine/capture": {"engine/probes", "engine/workflow", "engine/model", "engine/clock"},
    "engine/probes": {"engine/model", "engine/clock"},
    "engine/workflow": {"engine/model"},
    "engine/model": set(),
    "engine/clock": set(),
    "engine/language": set(),
    "engine/__init__": set(),
}


def pack_files() -> list[Path]:
    files = [ROOT / "__init__.py", *(ROOT / "nodes").rglob("*.py"), *(ROOT / "engine").rglob("*.py")]
    return [path for path in files if path.exists()]


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    if parts[0] == "engine":
        return f"engine/{parts[1].removesuffix('.py')}"
    return parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, bool, int]]:
    """Each import of ``path``: absolute name (of this pack: below ``pack``), at module level or not, line."""
    package = (PACK, *path.relative_to(ROOT).parts[:-1])
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_type_checking(outer)
        for inner in ast.walk(outer)
        if inner is not outer
    }
    for node in ast.walk(tree):
        early = id(node) not in late
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, early, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            target = (*base, *(node.module or "").split("."))
            stem = ".".join(part for part in target if part)
            for alias in node.names:
                yield f"{stem}.{alias.name}", early, node.lineno


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def room_at(name: str) -> str:
    """The room that an import below ``pack`` leads to."""
    parts = name.split(".")[1:]
    return "/".join(parts[:2]) if parts[:1] == ["engine"] else (parts or ["__init__"])[0]


def misplaced(path: Path) -> list[str]:
    """The imports of ``path`` that its room may not make."""
    room = room_of(path)
    wrong = []
    for name, _, line in imports(path):
        top = name.split(".")[0]
        if top == PACK:
            target = room_at(name)
            if target != room and target not in ARROWS[room]:
                wrong.append(f"{path}:{line}: {room} imports {target} ({name})")
        elif top in HOST_MODULES and room not in ("engine/host", "nodes", "__init__"):
            wrong.append(f"{path}:{line}: {room} imports ComfyUI ({name})")
        elif top in ("engine", "tests", "metrics"):
            wrong.append(f"{path}:{line}: imports inside the pack are relative ({name})")
    return wrong


def early_and_heavy(path: Path) -> list[str]:
    """The imports of ``path``, made as it is loaded, of libraries that must wait for their first use."""
    if "migrations" in path.parts:  # loaded by alembic itself, never at start-up
        return []
    return [
        f"{path}:{line}: {name}"
        for name, early, line in imports(path)
        if early and name.split(".")[0] in LATE_MODULES
    ]


def test_imports_follow_the_arrows() -> None:
    wrong = [line for path in pack_files() for line in misplaced(path)]
    assert not wrong, "\n".join(wrong)


def test_heavy_and_optional_libraries_are_imported_late() -> None:
    wrong = [line for path in pack_files() for line in early_and_heavy(path)]
    assert not wrong, "\n".join(wrong)


def test_start_up_survives_without_the_optional_libraries() -> None:
    """Import every module that start-up reaches in a process where those libraries cannot be imported."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in pack_files()
        if room_of(path) not in ("__init__", "nodes", "engine/host") and "migrations" not in path.parts
    ]
    program = f"""
import importlib, sys
poisoned = {sorted(LATE_MODULES)!r}
for name in poisoned:
    sys.modules[name] = None
for name in {modules!r}:
    importlib.import_module(name.removesuffix(".__init__"))
print(len({modules!r}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(modules) > 3


def test_the_checks_see_what_they_forbid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "engine" / "render").mkdir(parents=True)
    (tmp_path / "engine" / "store").mkdir()
    bad = tmp_path / "engine" / "render" / "bad.py"
    bad.write_text("from ..store import queries\nimport torch\nimport server\ndef f():\n    import alembic\n")
    assert [line.split(": ", 1)[1] for line in misplaced(bad)] == [
        "engine/render imports engine/store (pack.engine.store.queries)",
        "engine/render imports ComfyUI (server)",
    ]
    assert [line.split(": ", 1)[1] for line in early_and_heavy(bad)] == ["torch"]
