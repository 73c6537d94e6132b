"""What the routes take, as pydantic models. Loaded with the first request, never at start-up.

Requests are checked with these models, and the OpenAPI document shows them. A field without a
default must be given; ``ABSENT`` marks one that may be left out and is then not set at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import NotRequired, TypedDict

from ...store.queries.run_list import SORTABLE
from .validation import PATTERNS, comma_list, integral, moment, number, true_or_false, whole_number

GRAPH_LIMIT = 64_000_000
"""Largest workflow that is taken, in bytes."""

ABSENT: Any = Field(default_factory=lambda: None)

_STORABLE = r"^[^\x00]*$"
_FILLED = r"^[^\x00]*[^\s\x00][^\x00]*$"
_TAG = r'^[^\x00"\\]*[^\s\x00"\\][^\x00"\\]*$'
_COLOR = r"^#[0-9A-Fa-f]{6}$"
_SETS = r"^\d{1,15}(,\d{1,15})*(\|\d{1,15}(,\d{1,15})*){1,7}$"
_SORT = f"^-?({'|'.join(SORTABLE)})$"
PATTERNS.update(
    {
        _STORABLE: "holds a character that cannot be stored",
        _FILLED: "must not be empty or hold a character that cannot be stored",
        _TAG: "must not be empty or hold a quotation mark or a backslash",
        _COLOR: "must be a colour like #E69F00",
        _SETS: "must be sets of run ids like 1,2,3|4,5,6|7",
        _SORT: f"must be one of {', '.join(SORTABLE)}, with - in front for descending",
    }
)

Name = Annotated[str, StringConstraints(max_length=200, pattern=_STORABLE)]
Title = Annotated[str, StringConstraints(max_length=1_000, pattern=_STORABLE)]
FilledName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_FILLED)]
TagName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=_TAG)]
Comment = Annotated[str, StringConstraints(max_length=20_000, pattern=_STORABLE)]
Color = Annotated[str, StringConstraints(pattern=_COLOR), Field(description="a colour like #E69F00")]
Members = Annotated[list[FilledName], Field(max_length=10_000, description="node ids")]
WorkflowId = Annotated[Name, Field(description="a workflow's id or hash")]
When = Annotated[
    str,
    AfterValidator(moment),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "date"}, {"format": "date-time"}],
            "description": "a date like 2026-05-31 or 2026-05-31T14:00:00Z",
        }
    ),
]
# Beyond 2**53 browsers lose digits.
Id = Annotated[int, Field(ge=1, le=2**53 - 1), BeforeValidator(whole_number)]
Seconds = Annotated[float, Field(ge=0, le=1e12, description="seconds"), BeforeValidator(number)]
Flag = Annotated[bool, BeforeValidator(true_or_false)]
Size = Annotated[
    int,
    Field(ge=1, le=1_000_000, description="what a run of that size will take, in forecast_for"),
    BeforeValidator(whole_number),
]
Offset = Annotated[int, Field(ge=0, le=2**31), BeforeValidator(whole_number)]
UpTo1000 = Annotated[int, Field(ge=1, le=1_000), BeforeValidator(whole_number)]
Ids = Annotated[
    list[Id],
    Field(min_length=1, max_length=40, description="run ids, separated by commas"),
    BeforeValidator(comma_list),
]
Status = Literal["running", "success", "partial", "failed", "interrupted", "crashed"]
ExportFormat = Literal["png", "txt", "md", "csv", "json", "html", "trace", "speedscope", "collapsed", "issue"]

PATH: dict[str, TypeAdapter[Any]] = {
    "run_id": TypeAdapter(Id),
    "step_id": TypeAdapter(Id),
    "group_id": TypeAdapter(Id),
    "repeat_id": TypeAdapter(Id),
    "format": TypeAdapter(ExportFormat),
    "file_format": TypeAdapter(Literal["csv", "md", "html"]),
    "node_id": TypeAdapter(Annotated[str, StringConstraints(min_length=1, max_length=200)]),
}
"""The parts of paths that vary."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Edit(_Request):
    """A body of which at least one field must be given."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _holds_something(self) -> _Edit:
        if not self.model_fields_set:
            names = ", ".join(type(self).model_fields)
            raise PydanticCustomError("empty", "must hold at least one of {names}", {"names": names})
        return self


# -- runs ---------------------------------------------------------------------------
class RunsQuery(_Request):
    limit: UpTo1000 = 50
    offset: Offset = 0
    sort: Annotated[str, StringConstraints(max_length=60, pattern=_SORT)] = "-timestamp"
    q: Annotated[Name, Field(description="text in name, comment, tags, workflow or status")] = ABSENT
    status: Annotated[list[Status], Field(max_length=6), BeforeValidator(comma_list)] = ABSENT
    workflow: WorkflowId = ABSENT
    tag: TagName = ABSENT
    since: When = ABSENT
    until: When = ABSENT
    min_time: Seconds = ABSENT
    max_time: Seconds = ABSENT
    pinned: Flag = ABSENT
    profiled: Flag = ABSENT


class RunEdit(_Edit):
    name: Name = ABSENT
    global_comment: Comment = ABSENT
    tags: Annotated[list[TagName], Field(max_length=50)] = ABSENT
    pinned: bool = ABSENT


class PageQuery(_Request):
    limit: UpTo1000 = 1_000
    offset: Offset = 0


class NewEvent(_Request):
    """Something happened just now: another program's frame, a scene's name."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_FILLED)]


class StepEdit(_Request):
    step_comment: Comment


class RunHistoryQuery(_Request):
    workflow: Literal["without secrets", "whole"] = "without secrets"


class HistoryExportQuery(RunHistoryQuery):
    # As many as fit in an address of 8,190 bytes, which is the longest that aiohttp takes.
    ids: Annotated[list[Id], Field(min_length=1, max_length=400), BeforeValidator(comma_list)]


class ExportQuery(_Request):
    theme: Literal["auto", "dark", "light"] = "dark"
    title: Name = ""
    top_n: UpTo1000 = 10


class BundleQuery(_Request):
    texts: Annotated[Flag, Field(description="whether the texts of prompts come along")] = False


# -- groups -------------------------------------------------------------------------
class NewGroup(_Request):
    name: FilledName
    color: Color = ABSENT
    description: Comment = ABSENT
    members: Members = ABSENT
    workflow_id: Name | None = ABSENT


class GroupEdit(_Edit):
    name: FilledName = ABSENT
    color: Color = ABSENT
    description: Comment = ABSENT
    members: Members = ABSENT
    workflow_id: Name | None = ABSENT


class WorkflowQuery(_Request):
    workflow: WorkflowId = ABSENT


# -- workflows ----------------------------------------------------------------------
# No model: workflows have thousands of nodes, and nothing need be made of each to check it.
class PromptNode(TypedDict):
    __pydantic_config__ = ConfigDict(extra="ignore")  # type: ignore[misc] # how pydantic has it configured
    class_type: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    inputs: NotRequired[dict[Any, Any]]
    _meta: NotRequired[dict[Any, Any]]


def _as_given(prompt: Any, check: Callable[[Any], Any]) -> Any:
    """Checked, and left as it came: the engine works on plain prompts."""
    check(prompt)
    return prompt


Prompt = Annotated[
    dict[Annotated[str, StringConstraints(max_length=200)], PromptNode],
    WrapValidator(_as_given),
    Field(max_length=100_000, description="a workflow in API format"),
]


class Graph(_Request):
    """A workflow as it would be queued."""

    prompt: Prompt
    workflow: Annotated[dict[str, Any] | None, Field(description="the same in graph format")] = None


class NewRepeat(Graph):
    """A workflow to run several times. Without ``narrow`` all ``runs`` are made."""

    runs: Annotated[int, Field(ge=1, le=100), BeforeValidator(integral)] = 5
    warm_ups: Annotated[
        int, Field(ge=0, le=10, description="runs before those that count"), BeforeValidator(integral)
    ] = 1
    cache: Annotated[Literal["keep", "re-run", "cold"], Field(description="as on Profiler Start")] = "re-run"
    narrow: Annotated[
        float,
        Field(ge=0.005, le=1, description="end early once known this well: 0.05 is 5 % either way"),
    ] = ABSENT
    workflow_name: Annotated[Name, Field(description="what the workflow is called in the history")] = ABSENT
    client_id: Annotated[Name, Field(description="the WebSocket of the page that shows the runs")] = ABSENT
    force: Annotated[bool, Field(description="run even if the workflow differs from its reference")] = False


# -- analyses -----------------------------------------------------------------------
class CompareQuery(_Request):
    ids: Ids = ABSENT
    baseline: Ids = ABSENT
    candidate: Ids = ABSENT


class MatrixQuery(_Request):
    sets: Annotated[
        str,
        StringConstraints(max_length=1_000, pattern=_SETS),
        Field(description="run ids, separated by commas, of 2 to 8 sets, separated by |"),
    ]


class StatisticsQuery(_Request):
    workflow: WorkflowId = ABSENT
    node_type: Title = ABSENT
    since: When = ABSENT
    until: When = ABSENT
    last: Annotated[UpTo1000, Field(description="how many of the newest runs")] = 200
    limit: UpTo1000 = 100
    offset: Offset = 0


class TrendsQuery(_Request):
    workflow: WorkflowId = ABSENT
    node_id: Name = ABSENT
    metric: Annotated[Name, Field(description="only the change points of this metric")] = ABSENT
    kind: Annotated[Name, Field(description="the label of the kind of runs to show")] = ABSENT
    last: Annotated[UpTo1000, Field(description="how many of the newest runs")] = 100
    limit: UpTo1000 = 25
    offset: Offset = 0
    width: Size = ABSENT
    height: Size = ABSENT
    frames: Size = ABSENT
    batch_size: Size = ABSENT
    steps: Size = ABSENT


class RecommendationsQuery(_Request):
    run: Id = ABSENT
    workflow: WorkflowId = ABSENT


# -- files --------------------------------------------------------------------------
class Tidy(_Request):
    """What to keep of the history."""

    keep_days: Annotated[float, Field(ge=0, le=100_000)] = ABSENT
    keep_runs: Annotated[int, Field(ge=0, le=2**31), BeforeValidator(integral)] = ABSENT
    keep_bytes: Annotated[int, Field(ge=0, le=2**53 - 1), BeforeValidator(integral)] = ABSENT
    preview: bool = False
    vacuum: bool = True


class Reset(_Request):
    confirm: Annotated[Literal["delete all runs"], Field(description="typed by whoever asks")]


class ImportPath(_Request):
    path: Annotated[
        str,
        StringConstraints(min_length=1, max_length=4_000, pattern=_FILLED),
        Field(description="a file in ComfyUI's input folder or in the user's own folder"),
    ]
