"""Every route there is, in the order in which addresses are looked up, and which one an address means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import analyses, comparison, exports, groups, imports, openapi, references, runs, settings
from .call import Route

_DESCRIBED: tuple[Route, ...] = (
    # Before runs/{run_id}, which would take "compare" for an id.
    *comparison.ROUTES,
    *runs.ROUTES,
    *exports.ROUTES,
    *groups.ROUTES,
    *references.ROUTES,
    *analyses.ROUTES,
    *imports.ROUTES,
    *settings.ROUTES,
)
ROUTES = (*_DESCRIBED, openapi.route_for(_DESCRIBED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """``route`` and its path's parameters as text; without a route, the ``methods`` the address has."""

    route: Route | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = ()


def find(routes: Sequence[Route], method: str, tail: str) -> Match:
    """The first of ``routes`` that fits ``method`` and the path ``tail``, part by part."""
    given = tail.split("/")
    methods = set()
    for route in routes:
        path = _parameters(route.path.split("/"), given)
        if path is None:
            continue
        if route.method == method:
            return Match(route=route, path=path)
        methods.add(route.method)
    return Match(methods=tuple(sorted(methods)))


def _parameters(wanted: Sequence[str], given: Sequence[str]) -> dict[str, str] | None:
    if len(wanted) != len(given):
        return None
    found = {}
    for part, actual in zip(wanted, given, strict=True):
        if part.startswith("{"):
            found[part.strip("{}")] = actual
        elif part != actual:
            return None
    return found
