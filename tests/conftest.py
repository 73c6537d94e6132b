"""Fixtures that every folder of tests may use."""

from __future__ import annotations

from tests.comfyui.fixtures import comfyui, comfyui_host, comfyui_models, pytest_addoption, start_comfyui

__all__ = ["comfyui", "comfyui_host", "comfyui_models", "pytest_addoption", "start_comfyui"]
