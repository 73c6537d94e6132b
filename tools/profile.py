"""Profile a workflow on a running ComfyUI from a command line or a script.

    python tools/profile.py workflow.json --repeat 5 --against pinned --fail-over 10%

``workflow.json`` is a workflow in API format. Each run is queued with a Profiler Start;
seeds are left as they are. Prints the last run's table, and the comparison where
``--against`` says with what. Needs nothing but Python; shows progress where tqdm is there.

Exit codes: 0 all went well, 1 slower than ``--fail-over`` or a Profiler Budget in the workflow allows,
2 a run failed or the server cannot be reached, 3 the command line or the workflow is wrong, 130 stopped with
Ctrl+C: what is queued already goes on in ComfyUI.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import comfyui_server as comfyui
else:  # of a file that is run, Python looks for modules beside it
    import comfyui_server as comfyui

START, BUDGET = "HolafProfilerStart", "HolafProfilerBudget"
FORMATS = ("png", "txt", "md", "csv", "json", "html", "trace")


def load_workflow(path: Path) -> dict[str, Any]:
    """The workflow in API format, with a Profiler Start. Raises :class:`ToolError`."""
    try:
        prompt = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise comfyui.ToolError(f"{path} cannot be read: {error.strerror}", comfyui.WRONG) from None
    except ValueError as error:
        raise comfyui.ToolError(f"{path} is no JSON: {error}", comfyui.WRONG) from None
    if isinstance(prompt, dict) and isinstance(prompt.get("prompt"), dict):
        prompt = prompt["prompt"]
    nodes = list(prompt.values()) if isinstance(prompt, dict) else []
    if not nodes or not all(isinstance(node, dict) and "class_type" in node for node in nodes):
        is_graph = isinstance(prompt, dict) and isinstance(prompt.get("nodes"), list)
        what = "a workflow as the canvas saves it" if is_graph else "no workflow"
        how = "What can be queued is the API format: open it in ComfyUI and choose File > Export (API)."
        raise comfyui.ToolError(f"{path} is {what}. {how}", comfyui.WRONG)
    return dict(prompt)


def with_start(prompt: dict[str, Any], *, name: str, cache: str, timing: str) -> dict[str, Any]:
    """``prompt`` with these settings on its Profiler Start; one is added where it has none."""
    changed = {key: dict(node) for key, node in prompt.items()}
    wanted = {"run_name": name, "cache": cache, "timing": timing, "enabled": True, "on_mismatch": "ignore"}
    starts = [key for key, node in changed.items() if node["class_type"] == START]
    key = starts[0] if starts else "profiler_start"
    node = changed.setdefault(key, {"class_type": START, "inputs": {}})
    node["inputs"] = {**node.get("inputs", {}), **wanted}
    return changed


def formats(text: str) -> list[str]:
    """Names of :data:`FORMATS`, separated by commas."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    for name in found:
        if name not in FORMATS:
            raise argparse.ArgumentTypeError(f"there is no {name!r}: choose from {', '.join(FORMATS)}")
    return found


def count(least: int) -> Callable[[str], int]:
    """A whole number, ``least`` or more."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
        return int(text)

    return parse


def seconds(text: str) -> float:
    """A number of seconds, more than none."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not found > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return found


def tolerance(text: str) -> float:
    """``10%`` or ``0.1`` as a share."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no share like 10% or 0.1")
    return float(found[1]) / (100.0 if found[2] else 1.0)


def report(found: dict[str, Any]) -> str:
    """The comparison as lines of text."""
    lines = []
    for name, delta in found["totals"].items():
        if delta["change"] is None:
            continue
        share = f"{(delta['ratio'] - 1) * 100:+.1f} %" if delta["ratio"] else ""
        before, after = (_shown(name, delta[side]) for side in ("baseline", "candidate"))
        lines.append(f"{name:15} {before:>12} -> {after:>12} {share:>9}  {delta['verdict']}")
    lines.append("")
    for node in found["nodes"][:15]:
        delta = node["deltas"]["exec_time"]
        if delta["change"] is not None:
            times = f"{delta['baseline']:9.3f} s -> {delta['candidate']:9.3f} s"
            lines.append(f"{node['node_title'][:30]:30} {times}  {delta['verdict']}")
    lines += [f"changed: {change['detail']}" for change in found["changes"][:20]]
    lines += [f"note: {note}" for note in found["notes"]]
    return "\n".join(lines)


def _shown(name: str, value: float) -> str:
    if name.endswith("_joules"):
        return f"{value:.0f} J"
    return f"{value / 2**30:.2f} GB" if name != "total_time" else f"{value:.3f} s"


def progress(rounds: Iterable[int], total: int) -> Iterator[int]:
    """``rounds``, shown as a bar where tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield from rounds
        return
    yield from tqdm(rounds, total=total, unit="run", file=sys.stderr)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line. Ends the program with code 3 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="profile.py",
        description="Profile a workflow (API format) on a running ComfyUI.",
        epilog=(__doc__ or "").rpartition("\n\n")[2].replace("``", ""),
    )
    parser.add_argument("workflow", type=Path, help="a workflow in API format")
    parser.add_argument("--server", default="http://127.0.0.1:8188", help="default: %(default)s")
    parser.add_argument("--repeat", type=count(1), default=1, metavar="N", help="measured runs")
    parser.add_argument(
        "--warm-up", type=count(0), default=0, metavar="N", help="runs before that, not compared"
    )
    parser.add_argument(
        "--cache",
        choices=("keep", "re-run", "cold"),
        default="re-run",
        help="keep: nodes may come from the cache; re-run: all run, loaded models stay; cold: models are "
        "unloaded too (default: %(default)s)",
    )
    parser.add_argument(
        "--timing",
        choices=("precise", "light"),
        default="precise",
        help="precise waits for the GPU after each node (default: %(default)s)",
    )
    parser.add_argument("--name", default="", help="a name for the runs")
    parser.add_argument(
        "--against", metavar="RUNS", type=str.strip, help="pinned, previous, last 5, or runs' numbers"
    )
    parser.add_argument(
        "--fail-over",
        type=tolerance,
        metavar="SHARE",
        help="end with 1 where the runs are slower by more than that, such as 10%%; against the pinned ones "
        "where --against says nothing",
    )
    parser.add_argument("--pin", action="store_true", help="pin the runs, as the baseline of later ones")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where files of --formats go")
    parser.add_argument(
        "--formats", type=formats, default=[], help=f"files of the last run: {', '.join(FORMATS)}"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=3600.0,
        metavar="SECONDS",
        help="how long to wait for each run (default: %(default)g)",
    )
    try:
        found = parser.parse_args(given)
    except SystemExit as ended:
        raise SystemExit(comfyui.WRONG if ended.code else 0) from None
    if found.fail_over is not None and not found.against:
        found.against = "pinned"
    return found


def main(given: Sequence[str] | None = None) -> int:
    wanted = arguments(given)
    try:
        return work(wanted, comfyui.Server(wanted.server))
    except comfyui.ToolError as error:
        print(f"profile.py: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("profile.py: stopped; what is queued already goes on in ComfyUI.", file=sys.stderr)
        return comfyui.STOPPED


def work(wanted: argparse.Namespace, server: comfyui.Server) -> int:
    """Run, print, compare; answers the exit code. Raises :class:`ToolError`."""
    prompt = load_workflow(wanted.workflow)
    workflow_id = f"file:{wanted.workflow.stem}"
    name = wanted.name or wanted.workflow.stem
    prompt = with_start(prompt, name=name, cache=wanted.cache, timing=wanted.timing)
    total = wanted.warm_up + wanted.repeat
    server.get(comfyui.PREFIX + "status")
    baseline = comfyui.baseline_of(server, wanted.against, workflow_id) if wanted.against else []
    ids = []
    for number in progress(range(total), total):
        run = comfyui.run_once(server, prompt, workflow_id, wanted.timeout)
        if run["status"] not in ("success", "partial"):
            raise _ended_badly(run, prompt)
        if number >= wanted.warm_up:
            ids.append(run["id"])
    print(server.read(f"{comfyui.PREFIX}runs/{ids[-1]}/export/txt").decode("utf-8"))
    for name in wanted.formats:
        folder = wanted.output or Path()
        folder.mkdir(parents=True, exist_ok=True)
        suffix = "trace.json" if name == "trace" else name
        (folder / f"{wanted.workflow.stem}_profile.{suffix}").write_bytes(
            server.read(f"{comfyui.PREFIX}runs/{ids[-1]}/export/{name}")
        )
    for run_id in ids if wanted.pin else ():
        server.send("PATCH", f"{comfyui.PREFIX}runs/{run_id}", {"pinned": True})
    if not baseline:
        return 0
    sides = f"baseline={','.join(map(str, baseline))}&candidate={','.join(map(str, ids))}"
    found = server.get(f"{comfyui.PREFIX}runs/compare?{sides}")
    print(f"{found['headline']}\n\n{report(found)}")
    time_ = found["totals"]["total_time"]
    slower = (time_["ratio"] or 1.0) - 1.0
    if wanted.fail_over is not None and slower > wanted.fail_over:
        print(f"Slower by {slower * 100:.1f} %, allowed are {wanted.fail_over * 100:g} %.")
        return comfyui.SLOWER
    return 0


def _ended_badly(run: dict[str, Any], prompt: dict[str, Any]) -> comfyui.ToolError:
    node_id = str(run.get("error_node_id"))
    kind = prompt.get(node_id, {}).get("class_type")
    where = f" at node {node_id} ({kind})" if kind else ""
    why = run.get("error_message") or "see ComfyUI's log"
    return comfyui.ToolError(
        f"Run {run['id']} {run['status']}{where}: {why}", comfyui.SLOWER if kind == BUDGET else comfyui.FAILED
    )


if __name__ == "__main__":
    sys.exit(main())
