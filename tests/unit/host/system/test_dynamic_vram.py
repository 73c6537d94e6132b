"""What ComfyUI's own GPU allocator counts, by its version and torch's settings."""

from __future__ import annotations

import sys
import types

import pytest

from engine.host.system import dynamic_vram

GB = 10**9


def put(monkeypatch: pytest.MonkeyPatch, **names: object) -> None:
    """A host with dynamic VRAM on, and this ``comfy_aimdo.control``."""
    host = types.SimpleNamespace(aimdo_enabled=True)
    monkeypatch.setitem(sys.modules, "comfy.memory_management", host)  # type: ignore[arg-type]
    control = types.SimpleNamespace(**names)
    monkeypatch.setitem(sys.modules, "comfy_aimdo.control", control)  # type: ignore[arg-type]


def by_device(monkeypatch: pytest.MonkeyPatch, usage: dict[int, int]) -> None:
    """A version that counts by device."""

    def get_devctx(index: int) -> str:
        if index not in usage:
            raise RuntimeError(f"comfy-aimdo device {index} is not initialized")
        return f"context {index}"

    counts = {f"context {index}": count for index, count in usage.items()}
    put(
        monkeypatch,
        devctxs=list(counts),
        get_devctx=get_devctx,
        lib=types.SimpleNamespace(get_total_vram_usage=counts.__getitem__),
        get_total_vram_usage=lambda: sum(counts.values()),
    )


def test_a_version_with_one_counter_means_the_primary_device(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, get_total_vram_usage=lambda: 3 * GB)
    usage = dynamic_vram.find_usage(environ={})
    assert usage is not None
    assert [usage.bytes_on(index) for index in (0, 1)] == [3 * GB, 0]


@pytest.mark.parametrize("counted", [{0: 1 * GB}, {1: 2 * GB}, {0: 1 * GB, 2: 4 * GB}])
def test_each_device_has_its_own_count(monkeypatch: pytest.MonkeyPatch, counted: dict[int, int]) -> None:
    by_device(monkeypatch, counted)
    usage = dynamic_vram.find_usage(environ={})
    assert usage is not None
    assert [usage.bytes_on(index) for index in range(3)] == [counted.get(index, 0) for index in range(3)]


@pytest.mark.parametrize(
    ("platform", "settings", "expected"),
    [
        ("linux", {}, True),
        ("linux", {"PYTORCH_CUDA_ALLOC_CONF": "garbage_collection_threshold:0.8"}, True),
        ("linux", {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}, False),
        ("linux", {"PYTORCH_ALLOC_CONF": "max_split_size_mb:64, expandable_segments: True"}, False),
        ("win32", {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}, True),
    ],
)
def test_expandable_segments_are_not_counted(
    monkeypatch: pytest.MonkeyPatch, platform: str, settings: dict[str, str], expected: bool
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    by_device(monkeypatch, {0: 1 * GB})
    usage = dynamic_vram.find_usage(environ=settings)
    assert usage is not None
    assert usage.has_segments is expected


def test_without_dynamic_vram_there_is_no_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, get_total_vram_usage=lambda: 0)
    monkeypatch.setitem(sys.modules, "comfy.memory_management", types.ModuleType("none"))
    assert dynamic_vram.find_usage() is None
