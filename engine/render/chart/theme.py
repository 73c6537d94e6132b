"""The colours of a report, dark and light. Knows no run and draws nothing.

Saturated colours are groups and node types; lanes have pale or dark tints of their
own. Status is never said by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

TYPE_COLORS = (
    "#F28881", "#E39849", "#B7AF41", "#73C076", "#04C5B5", "#2EBBE8", "#82A8FD", "#BE95EC", "#E488BE",
    "#B36139", "#9B7300", "#6A862D", "#0A9068", "#008D9C", "#3080BC", "#746FBE", "#9E60A1", "#B45971",
)  # fmt: skip
"""Nine hues at two lightnesses of the OKLCH space, 40 degrees apart: what node types are drawn in."""
_KNOWN_TYPES = (
    "VAEDecode",
    "KSampler",
    "SaveImage",
    "CLIPTextEncode",
    "VAEEncode",
    "UNETLoader",
    "CheckpointLoaderSimple",
    "LoraLoader",
    "EmptyLatentImage",
    "SamplerCustomAdvanced",
    "PreviewImage",
    "LoadImage",
    "CLIPLoader",
    "VAELoader",
    "ControlNetApplyAdvanced",
    "KSamplerAdvanced",
    "ImageUpscaleWithModel",
    "DualCLIPLoader",
)
"""The commonest types, each at a colour of its own."""


def type_color(node_type: str) -> str:
    """The colour of a node type: the same in every run, picture and view."""
    if node_type in _KNOWN_TYPES:
        return TYPE_COLORS[_KNOWN_TYPES.index(node_type)]
    return TYPE_COLORS[crc32(node_type.encode("utf-8", "replace")) % len(TYPE_COLORS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours by role, as ``#RRGGBB``."""

    background: str
    panel: str
    grid: str
    text: str
    muted: str
    faint: str
    accent: str
    good: str
    warn: str
    bad: str
    vram: str
    ram: str
    gpu: str
    cpu: str
    power: str
    capacity: str
    band_alpha: float
    fill_alpha: float


DARK = Theme(
    background="#16181D",
    panel="#1E2128",
    grid="#343944",
    text="#ECEEF2",
    muted="#A9AFBB",
    faint="#8A91A0",
    accent="#E69F00",
    good="#3FBF95",
    warn="#F0B429",
    bad="#FF7A59",
    vram="#9CD3F5",
    ram="#E3B7D6",
    gpu="#F2D49B",
    cpu="#A6E0C9",
    power="#E4DFA6",
    capacity="#FF7A59",
    band_alpha=0.13,
    fill_alpha=0.28,
)
LIGHT = Theme(
    background="#FFFFFF",
    panel="#F4F5F7",
    grid="#D5D9E0",
    text="#1A1D23",
    muted="#545B69",
    faint="#6B7280",
    accent="#A86500",
    good="#00734F",
    warn="#8F5A00",
    bad="#B93A00",
    vram="#1F4E79",
    ram="#6E2F57",
    gpu="#7A5200",
    cpu="#0B5A43",
    power="#55500A",
    capacity="#C24A00",
    band_alpha=0.14,
    fill_alpha=0.22,
)


def theme_named(name: str) -> Theme:
    """``light`` is light; everything else is dark."""
    return LIGHT if name.strip().lower() == "light" else DARK


def channels(color: str) -> tuple[float, float, float]:
    """``#RRGGBB`` as red, green and blue from 0 to 1."""
    return (int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255)


def text_on(color: str) -> str:
    """Black or white, whichever stands out more on ``color``.

    By relative luminance and contrast ratio as WCAG 2 defines them.
    """
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels(color)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#101216" if (luminance + 0.05) / 0.055 >= 1.05 / (luminance + 0.05) else "#FFFFFF"
