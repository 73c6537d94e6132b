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
    """Something happened in a run, as another program or a node reports."""

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


def _object(model: str, /, **kinds: Any) -> Any:
    """A model with these fields, all of them always there; ``[kind]`` stands for a list of it."""
    whole: Any = list
    fields: dict[str, Any] = {
        name: (whole[kind[0]] if isinstance(kind, list) else kind, ...) for name, kind in kinds.items()
    }
    return create_model(model, **fields)


_OBJECT = dict[str, Any]
_PAGE = {"total": int, "limit": int, "offset": int}

# fmt: off
Error = _object("Error", error=_object("ErrorContent", type=str, message=str, details=_OBJECT))

# -- runs ---------------------------------------------------------------------------
RunsPage = _object("RunsPage", runs=[Run], **_PAGE)
RunAnswer = _object("RunAnswer", run=Run)
RunDetails = _object("RunDetails", run=Run, steps=[Step], groups=[GroupTotal])
DeletedRun = _object("DeletedRun", run=Run, restore=str)
StepAnswer = _object("StepAnswer", step=Step)
EventAnswer = _object("EventAnswer", event=Event)
StackTree = _object("StackTree", node_id=str, thread=str, owner=int | None, sample_count=int,
                    functions=[int], parents=[int], self_s=[float])
Stacks = _object(
    "Stacks", trees=[StackTree], pace_s=float, truncated=bool,
    owners=Annotated[list[tuple[str, str]], Field(description="kind, name")],
    functions=Annotated[list[tuple[str, str, int, int, bool]],
                        Field(description="name, file, line, owner, whether it only calls others")],
)
RunInside = _object("RunInside", stacks=Stacks | None, owner_times=[_OBJECT], kernels=[_OBJECT])
RunTimeline = _object(
    "RunTimeline", headline=str, detail=str,
    against=Annotated[_OBJECT, Field(description="text, verdict, run_ids, changes by node id")],
    timeline=Annotated[_OBJECT, Field(description="what js/timeline/timeline.js draws")],
)
RunWorkflow = _object("RunWorkflow", prompt=_OBJECT | None, workflow=_OBJECT | None)
WorkflowList = _object("WorkflowList", **_PAGE, workflows=[_object(
    "Workflow", name=str, run_count=int, newest=str,
    workflow=Annotated[str, Field(description="its id or hash")])])
TagList = _object("TagList", **_PAGE, tags=[_object("Tag", tag=str, run_count=int)])

# -- groups and references ----------------------------------------------------------
Group = _object("Group", id=int, name=str, color=str, description=str, members=[str])
GroupAnswer = _object("GroupAnswer", group=Group)
GroupList = _object("GroupList", groups=[Group])
ReferenceNode = _object("ReferenceNode", node_id=str, title=str, node_type=str)
Reference = _object("Reference", workflow_id=str, hash=str, nodes=[ReferenceNode])
Change = _object("Change", kind=Literal["added", "removed", "retyped", "rewired", "renamed"], node_id=str,
                 title=str, detail=str)
CheckAnswer = _object("CheckAnswer", workflow_id=str, hash=str, match=bool, has_reference=bool,
                      changes=[Change])

# -- analyses -----------------------------------------------------------------------
Comparison = _object("Comparison", headline=str, surest=str, verdicts=dict[str, str], runs=[Run],
                     baseline_ids=[int], candidate_ids=[int], totals=_OBJECT, nodes=[_OBJECT],
                     groups=[_OBJECT], owners=[_OBJECT], changes=[_OBJECT], notes=[str])
MatrixSet = _object(
    "MatrixSet", run_ids=[int],
    counted_ids=Annotated[list[int], Field(description="those of the kind that most sets have")],
)
MatrixNode = _object(
    "MatrixNode", node_id=str, node_type=str, node_title=str,
    medians=Annotated[list[float | None], Field(description="active time of each set")],
    deltas=Annotated[list[_OBJECT | None], Field(description="against the first set, which has null")],
)
RunMatrix = _object(
    "RunMatrix", runs=[Run], sets=[MatrixSet], nodes=[MatrixNode], notes=[str],
    totals=Annotated[_OBJECT, Field(
        description="by metric: medians of each set, deltas[row][column] of set row against set column"
    )],
)
HistoryTotals = _object(
    "HistoryTotals", run_count=int, total_time=float, by_status=dict[str, int],
    success_rate=Annotated[float | None, Field(description="of the runs that are over, 0 to 1")],
    months=[_object("Month", month=str, run_count=int, total_time=float)],
    size_bytes=Annotated[int | None, Field(description="of the history's file; null on a server")],
)
Statistics = _object("Statistics", totals=HistoryTotals, types=[_OBJECT], owners=[_OBJECT], total=int,
                     run_count=int)
Trends = _object("Trends", headline=str, lines=[str], workflow=str | None, runs=[_OBJECT],
                 totals=_OBJECT, nodes=[_OBJECT], change_points=[_OBJECT], leaks=[_OBJECT], forecast=_OBJECT,
                 sizes=Annotated[_OBJECT, Field(description="by name: newest, lowest and highest tried")],
                 forecast_for=Annotated[_OBJECT, Field(description="by metric, for the sizes asked about")])
Recommendations = _object(
    "Recommendations", run_id=int | None, dismissed=int,
    recommendations=Annotated[list[_OBJECT], Field(
        description="kind, severity, confidence, text, evidence, saving_s, node_ids, run_id to compare with, "
        "actions of kind select_nodes, add_to_group, compare_with or pin_baseline, and the key to dismiss by"
    )],
)

# -- the history, preferences -------------------------------------------------------
Tidied = _object("Tidied", runs=int, bytes_before=int | None, bytes_after=int | None)
Imported = _object("Imported", runs=int, steps=int, groups=int, skipped_runs=int, notes=[str])
TakenIn = _object("TakenIn", runs=int, skipped_runs=int)
SettingsAnswer = _object("SettingsAnswer", settings=Settings, notes=[str], defaults=Settings)
StatusAnswer = _object("StatusAnswer", active=bool)


# fmt: on
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


RepeatAnswer = _object("RepeatAnswer", repeat=Repeat)
RepeatList = _object("RepeatList", repeats=[Repeat])
