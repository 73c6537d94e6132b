"""Every route there is, in the order in which addresses are looked up."""

from __future__ import annotations

from . import analyses, comparison, document, exports, groups, imports, preferences, references, runs, steps
from .call import Route

_DESCRIBED: tuple[Route, ...] = (
    # Before runs/{run_id}, which would take "compare" for an id.
    *comparison.ROUTES,
    *runs.ROUTES,
    *exports.ROUTES,
    *steps.ROUTES,
    *groups.ROUTES,
    *references.ROUTES,
    *analyses.ROUTES,
    *imports.ROUTES,
    *preferences.ROUTES,
)
ROUTES = (*_DESCRIBED, document.route_for(_DESCRIBED))
