"""How fast and how large a long history is: 10,000 runs of 100 steps in 30 workflows.

The history is made once, into the cache folder: some hundred runs written as the writer writes
them, then copied as rows. ``python -m metrics.history_speed [REPEATS]`` prints a table and writes
``metrics/results/history_speed.md``; with ``--server`` it pages through 1,000,000 runs on a
PostgreSQL of its own as well.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from engine.analysis.columns import Columns
from engine.model import ResidentModel, Run
from engine.store import schema
from engine.store.database import Database
from engine.store.history import History
from engine.store.run_file import Ended, RunFile
from engine.store.writer import RunWriter
from tests import builders

from .result import MACHINE, write

ROOT = Path(__file__).parent.parent
RUNS, WORKFLOWS, STEPS, PATTERNS = 10_000, 30, 100, 300
SERVER_RUNS = 1_000_000
FOLDER = ROOT / ".cache" / "history_speed"
MODELS = tuple(
    ResidentModel(name=name, loaded_bytes=size, total_bytes=size, device="cuda:0")
    for name, size in (
        ("flux1-dev.safetensors", 23_800_000_000),
        ("t5xxl_fp16.safetensors", 9_790_000_000),
        ("ae.safetensors", 335_000_000),
    )
)


def a_run(number: int, *, steps: int = STEPS) -> Run:
    """Run ``number`` of its workflow: a GPU, resident models, a prompt with another seed each time."""
    chance = random.Random(number)
    run = builders.chain_run(steps, 60.0 * chance.uniform(0.8, 1.4), samples=400, seed=number % WORKFLOWS)
    prompt = {
        step.node_id: {
            "class_type": step.node_type,
            "inputs": {"seed": chance.randrange(2**50), "steps": 20, "text": "a cat on a mat " * 3},
            "_meta": {"title": step.node_title},
        }
        for step in run.steps
    }
    nodes = [
        {
            "id": int(key),
            "type": node["class_type"],
            "pos": [0, 0],
            "widgets_values": [*node["inputs"].values()],
        }
        for key, node in prompt.items()
    ]
    made = tuple(
        replace(step, models=MODELS[: 1 + place % 3], inputs_hash=f"{number % 40}:{step.node_id}")
        for place, step in enumerate(run.steps)
    )
    workflow_id = f"workflow {number % WORKFLOWS}"
    return replace(
        run,
        id=None,
        uuid=None,
        name=f"run {number} of {workflow_id}",
        timestamp=timestamp(number),
        steps=made,
        workflow_id=workflow_id,
        workflow_hash=f"hash {number % WORKFLOWS}",
        status=chance.choice(("success", "success", "success", "failed", "interrupted")),
        prompt=prompt,
        workflow={"id": workflow_id, "nodes": nodes, "links": []},
        environment={"torch.version": "2.11", "driver": str(number // 2000)},
    )


def timestamp(number: int) -> str:
    """Five minutes apart."""
    day, slot = divmod(number, 288)
    date = f"{2024 + day // 336}-{1 + day % 336 // 28:02d}-{1 + day % 28:02d}"
    return f"{date}T{slot // 12:02d}:{slot % 12 * 5:02d}:00.000Z"


def made() -> Path:
    """The history, made unless it is there already at this revision."""
    path = FOLDER / f"history-{schema.HEAD}.db"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.unlink(missing_ok=True)
    database = Database(half)
    for number in range(PATTERNS):
        RunFile.of(a_run(number)).save(database, 0.0)
    with database.write() as connection:
        for number in range(PATTERNS, RUNS):
            _copy(connection, 1 + number % PATTERNS, number)
        connection.exec_driver_sql("ANALYZE")
    database.close()
    half.rename(path)
    return path


def _copy(connection: Connection, source: int, number: int) -> None:
    own = {
        "uuid": f"{number:032x}",
        "timestamp": timestamp(number),
        "name": f"run {number}",
        "id": number + 1,
    }
    for table, key in ((schema.runs, "id"), (schema.steps, "run_id"), (schema.series, "run_id")):
        own_of_table = own if table is schema.runs else {"run_id": number + 1}
        names = [each.name for each in table.c if table is schema.runs or each.name != "id"]
        values = ", ".join(repr(own_of_table[name]) if name in own_of_table else name for name in names)
        rows = f"SELECT {values} FROM {table.name} WHERE {key} = {source}"
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) {rows}")


def milliseconds(question: Callable[[], Any], repeats: int) -> float:
    """The median of ``repeats`` calls after a first one."""
    question()
    times = []
    for _ in range(repeats):
        begun_s = time.perf_counter()
        question()
        times.append(time.perf_counter() - begun_s)
    return statistics.median(times) * 1000.0


def pages(history: History, limit: int) -> dict[str, tuple[Callable[[], Any], float]]:
    """What the panel asks of a list, and the limit in milliseconds."""
    asked: dict[str, dict[str, Any]] = {
        "first page": {},
        "page in the middle": {"offset": RUNS // 2},
        "last page": {"offset": RUNS - 50},
        "oldest first": {"sort": "timestamp"},
        "by name": {"sort": "name"},
        "by time": {"sort": "-total_time"},
        "by VRAM": {"sort": "-vram_max"},
        "of one workflow": {"workflow": "workflow 7"},
        "failed or interrupted": {"status": ["failed", "interrupted"]},
        "with a word in it": {"q": "run 77"},
        "of one month, over 60 s": {"since": "2024-03-01", "until": "2024-03-28", "min_time": 60.0},
    }
    return {
        f"list: {name}": ((lambda wanted=wanted: history.list_runs("default", limit=50, **wanted)), limit)
        for name, wanted in asked.items()
    }


def readings(history: History) -> dict[str, tuple[Callable[[], Any], float]]:
    """One run, and what a statistic of 1,000 runs reads."""
    newest = [row["id"] for row in history.list_runs("default", limit=1000)[0]]

    def one_run() -> None:
        history.load_run(RUNS // 2, with_series=False, user_id="default")
        history.run_row(RUNS // 2, "default")
        history.step_rows(RUNS // 2, "default")

    names = ("run_id", "node_id", "node_type", "status", "exec_time", "vram_max", "ram_max_bytes")
    return {
        "one run with its steps and groups": (one_run, 20.0),
        "one whole run with samples": (lambda: history.load_run(RUNS // 2, user_id="default"), 20.0),
        "steps of 1,000 runs, seven columns": (
            lambda: history.read_steps(newest, names, Columns(names).add),
            300.0,
        ),
        "1,000 runs of one list": (lambda: history.list_runs("default", limit=1000), 300.0),
    }


def writing(folder: Path, repeats: int) -> dict[str, float]:
    """Milliseconds to write 1,000 steps: CPU of the writer's thread, and of the one that hands over."""
    writer = RunWriter(Database(folder / "written.db"))
    writers, handing = [], []
    for number in range(repeats + 1):
        run = a_run(number, steps=1000)
        begun_s = time.thread_time()
        handle = writer.begin(replace(run, status="running", steps=(), series=()), Ended())
        handle.finish(run)
        handing.append(time.thread_time() - begun_s)
        before_s = writer.cpu_s
        if handle.wait(60.0) is None:
            raise SystemExit("; ".join(handle.errors))
        while writer.cpu_s == before_s:
            time.sleep(0.001)
        writers.append(writer.cpu_s - before_s)
    writer.close()
    return {
        "whole": statistics.median(writers[1:]) * 1000.0,
        "handing": statistics.median(handing[1:]) * 1000.0,
    }


def bytes_a_step(path: Path) -> dict[str, float]:
    """Bytes of the file by table and its indices, for each step; inputs and samples apart."""
    database = Database(path)
    with database.read() as connection:
        steps = connection.execute(text("SELECT count(*) FROM profiler_steps")).scalar_one()
        try:
            query = (
                "SELECT m.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_master m USING (name) GROUP BY 1"
            )
            sizes = {name: size / steps for name, size in connection.exec_driver_sql(query)}
        except OperationalError:  # an SQLite built without dbstat
            sizes = {"the whole file": path.stat().st_size / steps}
    database.close()
    return sizes


def server_pages(repeats: int) -> dict[str, float]:
    """Milliseconds of pages through a million runs on a PostgreSQL of its own."""
    from tests.unit.store import postgres

    with postgres.running() as server:
        database = Database(server.url, folder=Path(tempfile.mkdtemp()))
        history = History(database)
        with database.write() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(
                "INSERT INTO profiler_runs (timestamp, name, status, total_time, workflow_id, user_id, uuid) "
                "SELECT to_char(timestamp '2024-01-01' + n * interval '1 minute', "
                '\'YYYY-MM-DD"T"HH24:MI:SS.000"Z"\'), '
                "'run ' || n, CASE mod(n, 10) WHEN 0 THEN 'failed' ELSE 'success' END, mod(n, 1000) / 7.0, "
                "'workflow ' || mod(n, 30), 'user ' || mod(n, 5), md5(n::text) "
                f"FROM generate_series(1, {SERVER_RUNS}) n"
            )
        with database.open().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM ANALYZE")
        asked: dict[str, dict[str, Any]] = {
            "first page": {},
            "page 10,000": {"offset": SERVER_RUNS // 10},
            "last page": {"offset": SERVER_RUNS // 5 - 50},
            "of one workflow": {"workflow": "workflow 7"},
            "failed": {"status": "failed"},
        }
        found = {
            name: milliseconds(lambda wanted=wanted: history.list_runs("user 3", limit=50, **wanted), repeats)
            for name, wanted in asked.items()
        }
        found["first page, every user"] = milliseconds(lambda: history.list_runs(None, limit=50), repeats)
        chance = random.Random(0)

        def anywhere() -> None:
            history.list_runs(None, limit=50, offset=chance.randrange(SERVER_RUNS))

        found["pages anywhere, every user"] = milliseconds(anywhere, repeats)
        database.close()
    return found


def main() -> int:
    """Measure, print, write; 1 where a limit is missed."""
    with_server = "--server" in sys.argv
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdecimal()]
    repeats = numbers[0] if numbers else 7
    path = made()
    history = History(Database(path))
    lines = ["| question | median | limit |", "|---|---:|---:|"]
    missed = []

    def row(name: str, value: float, limit: float, unit: str = "ms") -> None:
        lines.append(f"| {name} | {value:.1f} {unit} | {limit:g} {unit} |")
        if value > limit:
            missed.append(name)

    for name, (question, limit) in {**pages(history, 20.0), **readings(history)}.items():
        row(name, milliseconds(question, repeats), limit)
    history.close()
    with tempfile.TemporaryDirectory() as folder:
        written = writing(Path(folder), repeats)
    row("writing 1,000 steps, CPU of the writer's thread", written["whole"], 100.0)
    row("of it on the thread that hands the run over", written["handing"], 1.0)
    sizes = bytes_a_step(path)
    row("a step with a GPU and models, with its indices", sizes.get("profiler_steps", 0.0), 400.0, "bytes")
    if with_server:
        for name, value in server_pages(repeats).items():
            row(f"1,000,000 runs on PostgreSQL: {name}", value, 50.0)
    table = "\n".join(lines)
    rest = ", ".join(
        f"{name} {size:.0f}" for name, size in sorted(sizes.items(), key=lambda each: -each[1])[:5]
    )
    write(
        "history_speed",
        "# How fast and how large a long history is\n\n"
        f"{RUNS:,} runs of {STEPS} steps in {WORKFLOWS} workflows,"
        f" a file of {path.stat().st_size / 1e6:.0f} MB; medians of {repeats} calls.\n"
        f"{MACHINE}, {psutil.cpu_count()} cores.\n\n"
        f"{table}\n\n"
        f"Bytes by table, for each step: {rest}.\n",
    )
    print(f"missed: {missed}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
