"""Every route there is, and which one an address means. Loaded with the first request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..settings import SIZE_LIMIT, Settings
from . import (
    answers,
    bundles,
    comparison,
    exports,
    groups,
    history,
    openapi,
    recommendations,
    references,
    repeats,
    runs,
    schemas,
    settings,
    statistics,
    trends,
)
from .call import Answer, Call, Route

_TABLES = ("text/csv", "text/markdown", "text/html")
_PICTURES = ("image/png", "text/plain", "text/markdown", "text/csv", "application/json", "text/html")


def get_document(_call: Call) -> Answer:
    """The OpenAPI 3.1 document of all routes."""
    return openapi.build(ROUTES)


# fmt: off
ROUTES: tuple[Route, ...] = (
    # runs/compare stands before runs/{run_id}, which would take "compare" for an id.
    Route("GET", "runs/compare", comparison.compare_runs, schemas.CompareQuery, answer=answers.Comparison),
    Route("GET", "runs/compare/export/{file_format}", comparison.export_comparison, schemas.CompareQuery,
          files=_TABLES),
    Route("GET", "runs/matrix", comparison.compare_sets, schemas.MatrixQuery, answer=answers.RunMatrix),
    Route("GET", "runs", runs.list_runs, schemas.RunsQuery, answer=answers.RunsPage),
    Route("POST", "runs/current/events", runs.record_event, body=schemas.NewEvent,
          answer=answers.EventAnswer),
    Route("GET", "runs/{run_id}", runs.get_run, answer=answers.RunDetails),
    Route("GET", "runs/{run_id}/inside", runs.get_inside, answer=answers.RunInside),
    Route("PATCH", "runs/{run_id}", runs.edit_run, body=schemas.RunEdit, answer=answers.RunAnswer),
    Route("DELETE", "runs/{run_id}", runs.delete_run, answer=answers.DeletedRun),
    Route("POST", "runs/{run_id}/restore", runs.restore_run, answer=answers.RunAnswer),
    Route("GET", "runs/{run_id}/workflow", runs.get_workflow, answer=answers.RunWorkflow),
    Route("GET", "runs/{run_id}/timeline", exports.get_timeline, answer=answers.RunTimeline),
    Route("GET", "runs/{run_id}/export/{format}", exports.export_run, schemas.ExportQuery, files=_PICTURES),
    Route("GET", "runs/{run_id}/history", exports.get_history, schemas.RunHistoryQuery,
          files=("application/vnd.sqlite3",)),
    Route("GET", "runs/{run_id}/kernels/{node_id}", exports.kernel_trace, files=("application/gzip",)),
    Route("GET", "runs/{run_id}/bundle", bundles.get_bundle, schemas.BundleQuery, files=("application/zip",)),
    Route("POST", "runs/import", bundles.import_runs, body=schemas.ImportPath, upload=True,
          answer=answers.Imported),
    Route("GET", "workflows", runs.list_workflows, schemas.PageQuery, answer=answers.WorkflowList),
    Route("GET", "tags", runs.list_tags, schemas.PageQuery, answer=answers.TagList),
    Route("PATCH", "steps/{step_id}", runs.edit_step, body=schemas.StepEdit, answer=answers.StepAnswer),
    Route("GET", "groups", groups.list_groups, schemas.WorkflowQuery, answer=answers.GroupList),
    Route("POST", "groups", groups.create_group, body=schemas.NewGroup, answer=answers.GroupAnswer),
    Route("PATCH", "groups/{group_id}", groups.edit_group, body=schemas.GroupEdit,
          answer=answers.GroupAnswer),
    Route("DELETE", "groups/{group_id}", groups.delete_group, answer=answers.GroupAnswer),
    Route("POST", "update_nodes", references.update_nodes, body=schemas.Graph,
          body_limit=schemas.GRAPH_LIMIT, answer=answers.Reference),
    Route("POST", "check", references.check, body=schemas.Graph,
          body_limit=schemas.GRAPH_LIMIT, answer=answers.CheckAnswer),
    Route("GET", "statistics", statistics.get_statistics, schemas.StatisticsQuery, answer=answers.Statistics),
    Route("GET", "trends", trends.get_trends, schemas.TrendsQuery, answer=answers.Trends),
    Route("GET", "recommendations", recommendations.get_recommendations, schemas.RecommendationsQuery,
          answer=answers.Recommendations),
    Route("POST", "history/import", history.import_history, body=schemas.ImportPath, upload=True,
          answer=answers.Imported),
    Route("POST", "history/comfyui", history.take_in_comfyui, answer=answers.TakenIn),
    Route("GET", "history/export", exports.get_histories, schemas.HistoryExportQuery,
          files=("application/vnd.sqlite3",)),
    Route("POST", "history/tidy", history.tidy_history, body=schemas.Tidy, answer=answers.Tidied),
    Route("POST", "history/reset", history.reset_history, body=schemas.Reset, answer=answers.Tidied),
    Route("GET", "repeats", repeats.list_repeats, answer=answers.RepeatList),
    Route("POST", "repeats", repeats.start_repeat, body=schemas.NewRepeat,
          body_limit=schemas.GRAPH_LIMIT, answer=answers.RepeatAnswer),
    Route("DELETE", "repeats/{repeat_id}", repeats.cancel_repeat, answer=answers.RepeatAnswer),
    Route("GET", "settings", settings.get_settings, answer=answers.SettingsAnswer),
    Route("PUT", "settings", settings.put_settings, body=Settings, body_limit=SIZE_LIMIT,
          answer=answers.SettingsAnswer),
    Route("GET", "status", settings.get_status, answer=answers.StatusAnswer),
    Route("GET", "openapi.json", get_document),
)
# fmt: on


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
