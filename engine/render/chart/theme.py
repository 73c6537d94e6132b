"""The colours of a report, dark and light. Knows no run and draws nothing.

The palette is Okabe and Ito's, which people with any kind of colour vision can
tell apart. Status is never said by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass

NODE_COLORS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#B07D4B")
"""Handed out to groups or node types, the longest-running first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours by role, as ``#RRGGBB``."""

    background: str
    panel: str
    grid: str
    text: str
    muted: str
    faint: str
    other: str
    accent: str
    good: str
    warn: str
    bad: str
    vram: str
    ram: str
    gpu: str
    cpu: str
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
    other="#8A909C",
    accent="#E69F00",
    good="#3FBF95",
    warn="#F0B429",
    bad="#FF7A59",
    vram="#56B4E9",
    ram="#CC79A7",
    gpu="#E69F00",
    cpu="#2BC79A",
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
    other="#8A909C",
    accent="#A86500",
    good="#00734F",
    warn="#8F5A00",
    bad="#B93A00",
    vram="#0072B2",
    ram="#A8467E",
    gpu="#C27A00",
    cpu="#008561",
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
