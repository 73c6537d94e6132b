"""What is different between two runs beneath the numbers: graph, widgets, environment, settings. Pure.

In words, because these lines are read as the likely cause of a change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..language import msg, t
from ..workflow.prompt import PROFILER_IDS
from ..workflow.redaction import is_link, redact
from ..workflow.sharing import stand_in
from .comparable import Row, device_of
from .labels import clean, shorten
from .pairing import Pair

Kind = Literal["graph", "widget", "environment", "pack", "launch flags", "device", "setting"]

VALUE_LENGTH = 60
_RANDOM = ("seed", "noise_seed")
"""Widgets that change with every run and change no time."""
_SERVING = frozenset(
    f"--{name}"
    for name in (
        "listen",
        "port",
        "tls-keyfile",
        "tls-certfile",
        "enable-cors-header",
        "max-upload-size",
        "auto-launch",
        "disable-auto-launch",
        "windows-standalone-build",
        "dont-print-server",
        "log-stdout",
    )
)
"""Launch flags about where and to whom ComfyUI answers and prints: they change nothing that is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatChanged:
    """One difference. ``detail`` says it in words; ``node_id`` is the candidate's node, where it is one's."""

    kind: Kind
    node_id: str | None
    title: str
    before: str | None
    after: str | None
    detail: str


def what_changed(
    before: Row,
    after: Row,
    *,
    environments: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
    prompts: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None] = (None, None),
    pairs: Sequence[Pair] = (),
) -> tuple[WhatChanged, ...]:
    """Everything that is not the same in two runs, the likeliest causes first.

    ``pairs`` are the nodes of the two runs' workflows, as :func:`pairing.pair` pairs them.
    """
    found = [*_graph(pairs), *_widgets(prompts, pairs), *_settings(before, after)]
    return (*found, *_environment(*environments))


def flags_that_count(arguments: Sequence[str]) -> list[str]:
    """Launch flags with their values, without those that change nothing that is measured."""
    kept = []
    counts = True
    for argument in arguments:
        if argument.startswith("-"):
            counts = argument.partition("=")[0] not in _SERVING
        if counts:
            kept.append(argument)
    return kept


def _graph(pairs: Iterable[Pair]) -> Iterable[WhatChanged]:
    same_node = {
        made.baseline.node_id: made.candidate.node_id for made in pairs if made.baseline and made.candidate
    }
    for made in pairs:
        old, new = made.baseline, made.candidate
        if _is_profiler(made):
            continue
        if old is None and new is not None:
            yield _node(
                "graph", new.node_id, _name(new.title, new.node_type), None, new.node_type, t("added")
            )
        elif new is None and old is not None:
            yield _node("graph", None, _name(old.title, old.node_type), old.node_type, None, t("removed"))
        elif old is not None and new is not None:
            if old.node_type != new.node_type:
                name = _name(new.title, new.node_type)
                yield _node(
                    "graph", new.node_id, name, old.node_type, new.node_type, t("another class of node")
                )
            moved = {(name, same_node.get(source, f"-{source}")) for name, source in old.sources}
            if inputs := sorted({name for name, _ in moved ^ new.sources}):
                name = _name(new.title, new.node_type)
                yield _node(
                    "graph", new.node_id, name, None, None, t("rewired: {inputs}", inputs=", ".join(inputs))
                )


def _widgets(
    prompts: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None], pairs: Iterable[Pair]
) -> Iterable[WhatChanged]:
    old_prompt, new_prompt = prompts
    if not old_prompt or not new_prompt:
        return
    for made in pairs:
        if made.baseline is None or made.candidate is None or _is_profiler(made):
            continue
        old = _values(old_prompt.get(made.baseline.node_id))
        new = _values(new_prompt.get(made.candidate.node_id))
        for name in sorted(old.keys() & new.keys()):
            if name not in _RANDOM and not _may_be_equal(old[name], new[name]):
                shown = (_shown(name, old[name]), _shown(name, new[name]))
                title = _name(made.candidate.title, made.candidate.node_type)
                yield WhatChanged(
                    kind="widget",
                    node_id=made.candidate.node_id,
                    title=title,
                    before=shown[0],
                    after=shown[1],
                    detail=f"{title}: {name} {shown[0]} -> {shown[1]}",
                )


def _settings(before: Row, after: Row) -> Iterable[WhatChanged]:
    rows: tuple[tuple[Kind, str, Any, Any], ...] = (
        ("device", msg("device"), device_of(before), device_of(after)),
        ("setting", msg("timing"), before.get("timing"), after.get("timing")),
        ("setting", msg("cache"), before.get("cache"), after.get("cache")),
        ("setting", msg("sampling interval (ms)"), before.get("interval_ms"), after.get("interval_ms")),
    )
    for kind, name, old, new in rows:
        if old != new:
            yield _plain(kind, name, old, new)


def _environment(before: Mapping[str, str], after: Mapping[str, str]) -> Iterable[WhatChanged]:
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if key == "host.flags":  # as older runs have them
            old, new = (" ".join(flags_that_count((flags or "").split())) or None for flags in (old, new))
        if old == new:
            continue
        kind: Kind = "environment"
        name = key
        if key.startswith("pack."):
            kind, name = "pack", key.removeprefix("pack.")
        elif key == "host.flags":
            kind, name = "launch flags", msg("launch flags")
        yield _plain(kind, name, old, new)


def _is_profiler(made: Pair) -> bool:
    """The profiler's own nodes change no time; how they measured is among the settings."""
    return any(
        node is not None and node.node_type in PROFILER_IDS for node in (made.baseline, made.candidate)
    )


def _plain(kind: Kind, name: str, old: object, new: object) -> WhatChanged:
    texts = [None if value is None else str(value) for value in (old, new)]
    if texts[0] is None:
        detail = t("{name}: {value} (new)", name=t(name), value=texts[1])
    elif texts[1] is None:
        detail = t("{name}: {value} (gone)", name=t(name), value=texts[0])
    else:
        detail = f"{t(name)}: {texts[0]} -> {texts[1]}"
    return WhatChanged(kind=kind, node_id=None, title=name, before=texts[0], after=texts[1], detail=detail)


def _node(
    kind: Kind, node_id: str | None, title: str, before: str | None, after: str | None, what: str
) -> WhatChanged:
    return WhatChanged(
        kind=kind, node_id=node_id, title=title, before=before, after=after, detail=f"{title}: {what}"
    )


def _name(title: str, node_type: str) -> str:
    return shorten(clean(title) or node_type, 42)


def _values(node: object) -> dict[str, Any]:
    inputs = node.get("inputs") if isinstance(node, Mapping) else None
    if not isinstance(inputs, Mapping):
        return {}
    return {str(name): value for name, value in inputs.items() if not is_link(value)}


def _may_be_equal(old: object, new: object) -> bool:
    """Equal, or as long as the text that was left out when a run was shared."""
    return old == new or (
        isinstance(old, str) and isinstance(new, str) and (old == stand_in(new) or new == stand_in(old))
    )


def _shown(name: str, value: object) -> str:
    """A widget's value in a few characters, secrets hidden."""
    kept = json.loads(redact({name: value}))
    text = next(iter(kept.values()), "")
    return shorten(clean(text if isinstance(text, str) else json.dumps(text)), VALUE_LENGTH) or t("(empty)")
