"""Versions of node packs, from real folders and a real git repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from engine.host.system.packs import UNKNOWN, installed_packs

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def pack(root: Path, name: str, **files: str) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file.replace("__", ".")).write_text(text)
    return folder


def test_version_is_the_projects_and_no_tools(tmp_path: Path) -> None:
    text = '[tool.x]\nversion = "9"\n[project]\nname = "a"\nversion = "1.2.3"\n[build]\nversion = "8"\n'
    pack(tmp_path, "a", pyproject__toml=text)
    pack(tmp_path, "b", pyproject__toml='[project]\ndynamic = ["version"]\n[tool.y]\nversion = "9"\n')
    pack(tmp_path, "c.disabled", pyproject__toml=text)
    pack(tmp_path, "__pycache__")
    (tmp_path / "single_file.py").write_text("")
    assert installed_packs([str(tmp_path), str(tmp_path / "missing")]) == {"a": "1.2.3", "b": UNKNOWN}


def test_commit_from_loose_and_packed_refs_worktree_and_detached_head(tmp_path: Path) -> None:
    loose = pack(tmp_path, "loose") / ".git"
    (loose / "refs/heads").mkdir(parents=True)
    (loose / "HEAD").write_text("ref: refs/heads/main\n")
    (loose / "refs/heads/main").write_text(COMMIT + "\n")

    packed = pack(tmp_path, "packed") / ".git"
    packed.mkdir()
    (packed / "HEAD").write_text("ref: refs/heads/main\n")
    (packed / "packed-refs").write_text(f"# pack-refs with: peeled\n{COMMIT} refs/heads/main\n")

    detached = pack(tmp_path, "detached") / ".git"
    detached.mkdir()
    (detached / "HEAD").write_text(COMMIT)

    tree = tmp_path / "loose/.git/worktrees/w"
    tree.mkdir(parents=True)
    (tree / "HEAD").write_text("ref: refs/heads/main\n")
    (tree / "commondir").write_text("../..\n")
    pack(tmp_path, "worktree", __git=f"gitdir: {tree}\n")

    outside = pack(tmp_path, "outside") / ".git"
    outside.mkdir()
    (outside / "HEAD").write_text("ref: ../../../etc/passwd")

    found = installed_packs([str(tmp_path)])
    assert {name: found[name] for name in ("loose", "packed", "detached", "worktree")} == dict.fromkeys(
        ("loose", "packed", "detached", "worktree"), COMMIT[:10]
    )
    assert found["outside"] == UNKNOWN


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_commit_agrees_with_git(tmp_path: Path) -> None:
    folder = pack(tmp_path, "real", pyproject__toml='[project]\nversion = "0.1"\n')

    def git(*words: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    assert installed_packs([str(tmp_path)]) == {"real": f"0.1 ({git('rev-parse', 'HEAD')[:10]})"}
