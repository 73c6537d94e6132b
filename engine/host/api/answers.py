"""What the routes answer, as pydantic models: shown in the OpenAPI document, not checked again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from ...store import schema as tables
from ..settings import Settings
from .schemas import ABSENT


def _row(name: str, table: Any, **more: Any) -> type[BaseModel]:
    """A row of ``table`` as JSON: the columns' names, and ``<field>`` for a column ``<field>_json``."""
    kinds = {"integer": int, "big_integer": int, "biginteger": int, "boolean": bool, "text": str}
    fields: dict[str, Any] = {}
    for column in table.columns:
        if column.name.endswith("_json") and column.name != "inputs_json":
            fields[re.sub(r"_json$", "", column.name)] = (Any, ABSENT)
        else:
            fields[column.name] = (kinds.get(column.type.__visit_name__.lower(), float) | None, ABSENT)
    made: type[BaseModel] = create_model(name, **{**fields, **more})
    return made


class OutputFile(BaseModel):
    filename: str
    subfolder: str
    type: Annotated[str, Field(description="output, temp or input: as GET /view takes it")]


class Output(BaseModel):
    """What one node gave to the user, of one kind."""

    node_id: str
    kind: Literal["image", "animation", "video", "audio", "3d", "text", "file"]
    count: int
    files: Annotated[list[OutputFile], Field(description="the first of them; none for text")]


class Event(BaseModel):
    """Something happened in a run, as another program or a node said."""

    t_s: Annotated[float, Field(description="seconds since the run began")]
    text: str
    source: Literal["route", "node", "python"]
    node_id: str | None


_STORY: dict[str, Any] = {
    "profiled": (bool, Field(description="false: only noted, without steps")),
    "outputs": (list[Output], ABSENT),
    "events": (list[Event], ABSENT),
    "sizes": (
        dict[str, int],
        Field(description="what the prompt asks for: width, height, frames, batch_size, steps"),
    ),
    "frame_count": (int | None, Field(description="frames of its video; null where it made none")),
    "frame_time_s": (float | None, Field(description="total_time for each frame")),
    "scene_count": (int | None, Field(description="the most items of a list that one node worked through")),
    "queue_position": (int | None, Field(description="prompts that ran or waited before it, when queued")),
    "queue_wait_s": (float | None, Field(description="seconds in the queue")),
    "attempt": (int | None, Field(description="1, or more where it soon followed a failure")),
    "retry_of": (int | None, Field(description="the id of the failed run that it followed")),
}

if TYPE_CHECKING:

    class Run(BaseModel): ...

    class Step(BaseModel): ...

else:
    Run = _row("Run", tables.runs, environment=(dict[str, Any], ABSENT), **_STORY)
    Step = _row("Step", tables.steps, devices=(list[dict[str, Any]], ABSENT))


class GroupTotal(BaseModel):
    """What a group comes to in one run. Seconds, bytes, joules; ``null`` where nothing was measured."""

    group_id: int
    name: str
    color: str
    description: str
    step_count: int
    executed_count: int
    cached_count: int
    exec_time: float | None
    wall_time_s: float | None
    share: Annotated[float | None, Field(description="of the run's total_time, 0 to 1")]
    vram_max: int | None
    ram_max_bytes: int | None
    energy_joules: float | None
    energy_count: Annotated[int, Field(description="of how many nodes the energy is")]
    members: Annotated[list[str], Field(description="the run's node ids that belong to the group")]
    notes: list[str]


class Group(BaseModel):
    id: int
    name: str
    color: str
    description: str
    members: list[str]


class Change(BaseModel):
    kind: Literal["added", "removed", "retyped", "rewired", "renamed"]
    node_id: str
    title: str
    detail: str


class ErrorContent(BaseModel):
    type: str
    message: str
    details: dict[str, Any]


class Error(BaseModel):
    error: ErrorContent


class RunsPage(BaseModel):
    runs: list[Run]
    total: int
    limit: int
    offset: int


class Workflow(BaseModel):
    workflow: Annotated[str, Field(description="its id or hash")]
    name: str
    run_count: int
    newest: str


class WorkflowList(BaseModel):
    workflows: list[Workflow]
    total: int
    limit: int
    offset: int


class Tag(BaseModel):
    tag: str
    run_count: int


class TagList(BaseModel):
    tags: list[Tag]
    total: int
    limit: int
    offset: int


class RunAnswer(BaseModel):
    run: Run


class StackTree(BaseModel):
    node_id: str
    thread: str
    owner: int | None
    sample_count: int
    functions: list[int]
    parents: list[int]
    self_s: list[float]


class Stacks(BaseModel):
    owners: list[tuple[str, str]] = Field(description="kind, name")
    functions: list[tuple[str, str, int, int, bool]] = Field(
        description="name, file, line, owner, whether it only calls others"
    )
    trees: list[StackTree]
    pace_s: float
    truncated: bool


class RunInside(BaseModel):
    stacks: Stacks | None
    owner_times: list[dict[str, Any]]
    kernels: list[dict[str, Any]]


class DeletedRun(RunAnswer):
    restore: str


class RunDetails(RunAnswer):
    steps: list[Step]
    groups: list[GroupTotal]


class RunTimeline(BaseModel):
    headline: str
    detail: str
    against: Annotated[dict[str, Any], Field(description="text, verdict, run_ids, changes by node id")]
    timeline: Annotated[dict[str, Any], Field(description="what js/timeline/timeline.js draws")]


class RunWorkflow(BaseModel):
    prompt: dict[str, Any] | None
    workflow: dict[str, Any] | None


class EventAnswer(BaseModel):
    event: Event


class StepAnswer(BaseModel):
    step: Step


class GroupAnswer(BaseModel):
    group: Group


class GroupList(BaseModel):
    groups: list[Group]


class ReferenceNode(BaseModel):
    node_id: str
    title: str
    node_type: str


class Reference(BaseModel):
    workflow_id: str
    hash: str
    nodes: list[ReferenceNode]


class CheckAnswer(BaseModel):
    workflow_id: str
    hash: str
    match: bool
    has_reference: bool
    changes: list[Change]


class Comparison(BaseModel):
    runs: list[Run]
    baseline_ids: list[int]
    candidate_ids: list[int]
    totals: dict[str, Any]
    nodes: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    owners: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    notes: list[str]


class Statistics(BaseModel):
    types: list[dict[str, Any]]
    owners: list[dict[str, Any]]
    total: int
    run_count: int


class Trends(BaseModel):
    workflow: str | None
    runs: list[dict[str, Any]]
    totals: dict[str, Any]
    nodes: list[dict[str, Any]]
    change_points: list[dict[str, Any]]
    leaks: list[dict[str, Any]]
    forecast: dict[str, Any]


class Recommendations(BaseModel):
    run_id: int | None
    recommendations: list[dict[str, Any]]
    dismissed: int


class Tidied(BaseModel):
    runs: int
    bytes_before: int | None
    bytes_after: int | None


class TakenIn(BaseModel):
    runs: int
    skipped_runs: int


class Imported(BaseModel):
    runs: int
    steps: int
    groups: int
    skipped_runs: int
    notes: list[str]


class SettingsAnswer(BaseModel):
    settings: Settings
    notes: list[str]
    defaults: Settings


class StatusAnswer(BaseModel):
    active: bool


# -- series of runs -----------------------------------------------------------------
class Repeat(BaseModel):
    id: int
    state: Literal["running", "finished", "cancelled", "failed"]
    runs: int
    warm_ups: int
    warm_ups_done: int
    done: int
    run_ids: list[int]
    times_s: list[float]
    median_s: float | None
    low_s: float | None
    high_s: float | None
    outliers: Annotated[list[int], Field(description="positions in times_s that are left out")]
    message: str


class RepeatAnswer(BaseModel):
    repeat: Repeat


class RepeatList(BaseModel):
    repeats: list[Repeat]
