"""Whose code a file is. Knows folders only; the host knows who installed what."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Mapping
from typing import NamedTuple

from ..model import Owner

CORE = Owner("core", "ComfyUI")
TORCH = Owner("torch", "torch")
PYTHON = Owner("interpreter", "Python")
PROFILER = Owner("profiler", "Workflow Profiler")
GPU_WAIT = Owner("gpu_wait", "GPU")

_TORCH_FAMILY = frozenset(("torch", "torchvision", "torchaudio", "triton", "functorch"))
_SITE = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


class Place(NamedTuple):
    """``file`` as it may be shown: relative to its owner's folder, with forward slashes."""

    owner: Owner
    file: str


class Owners:
    """Looks up the owner of source files.

    ``core`` is ComfyUI's folder, ``packs`` maps each pack's folder or single file to its name,
    ``own`` is this pack's folder.
    """

    def __init__(self, core: str = "", packs: Mapping[str, str] | None = None, own: str = "") -> None:
        self._core = _folder(core)
        self._own = _folder(own)
        # The longest first: a pack may lie inside another folder that is one.
        found = {_norm(path): name for path, name in (packs or {}).items()}
        self._packs = sorted(found.items(), key=lambda entry: -len(entry[0]))
        self._stdlib = tuple(
            _folder(path) for path in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")} if path
        )
        self._known: dict[str, Place] = {}

    def of(self, file: str) -> Place:
        """The owner of the source file ``file``, as code objects name it."""
        place = self._known.get(file)
        if place is None:
            place = self._known[file] = self._find(file)
        return place

    def _find(self, file: str) -> Place:
        if file.startswith("<"):  # no file: made by exec, frozen into the interpreter, or compiled by torch
            return Place(TORCH if file.startswith("<eval_with_key>") else PYTHON, file)
        path = _norm(file)
        if self._own and path.startswith(self._own):
            return Place(PROFILER, _shown(path, self._own))
        for folder, name in self._packs:
            if path == folder:
                return Place(Owner("pack", name), os.path.basename(path))
            if path.startswith(folder + os.sep):
                return Place(Owner("pack", name), _shown(path, os.path.dirname(folder) + os.sep))
        for mark in _SITE:
            before, found, inner = path.rpartition(mark)
            if found and before:
                top = inner.split(os.sep, 1)[0].removesuffix(".py")
                owner = TORCH if top in _TORCH_FAMILY else Owner("library", top)
                return Place(owner, inner.replace(os.sep, "/"))
        if self._core and path.startswith(self._core):
            return Place(CORE, _shown(path, self._core))
        for folder in self._stdlib:
            if path.startswith(folder):
                return Place(PYTHON, _shown(path, folder))
        parent = os.path.basename(os.path.dirname(path))
        return Place(Owner("library", parent or "unknown"), f"{parent}/{os.path.basename(path)}")


def _norm(path: str) -> str:
    return os.path.normcase(os.path.realpath(path)) if path else ""


def _folder(path: str) -> str:
    return _norm(path) + os.sep if path else ""


def _shown(path: str, folder: str) -> str:
    return path[len(folder) :].replace(os.sep, "/")
