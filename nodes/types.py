"""The two wire types that join the pack's nodes. They carry order, never data that nodes compute on."""

from __future__ import annotations

from comfy_api.latest import io

PROFILER = io.Custom("HOLAF_PROFILER")
GROUP = io.Custom("HOLAF_PROFILER_GROUP")
CATEGORY = "utils/profiler"
