"""Runs against runs."""

from __future__ import annotations

from ...analysis import compare, matrix
from ...language import t
from ...render import comparison_words
from ..evidence import for_comparison
from .call import Answer, Call, File, RefusedError, plain

RUNS_MAX = 40


def compare_runs(call: Call) -> Answer:
    """Runs against runs, node by node. ``ids`` alone: the pinned ones, else the first, are the baseline."""
    evidence, found = _compared(call)
    ids = (*found.baseline_ids, *found.candidate_ids)
    return {
        "headline": comparison_words.headline(found),
        "surest": comparison_words.surest(found),
        "verdicts": {name: comparison_words.verdict(delta) for name, delta in found.totals.items()},
        "runs": [evidence.runs[run_id] for run_id in ids],
        **plain(found, without=("nodes",)),
        "nodes": [
            {**plain(node), "verdict": comparison_words.verdict(node.deltas["exec_time"], is_short=True)}
            for node in found.nodes
        ],
    }


def compare_sets(call: Call) -> Answer:
    """Several sets of runs, each against each."""
    sets = [[int(number) for number in part.split(",")] for part in call.query["sets"].split("|")]
    chosen = [run_id for each in sets for run_id in each]
    if len(set(chosen)) < len(chosen) or len(chosen) > RUNS_MAX:
        raise _refused(f"query.sets: name each run once, and at most {RUNS_MAX}.")
    evidence = for_comparison(call.history, sets[0], chosen[len(sets[0]) :], call.user_id)
    found = plain(matrix.matrix(sets, evidence))
    return {"runs": [evidence.runs[run_id] for run_id in chosen], **found}


def export_comparison(call: Call) -> File:
    """A comparison as a file: csv, md or html."""
    from ...render import comparison_files

    fmt = call.path["file_format"]
    evidence, found = _compared(call)
    ids = (*found.baseline_ids, *found.candidate_ids)
    names = {
        key: " ".join(filter(None, (evidence.runs[key].get("name"), f"({t('run {id}', id=key)})")))
        for key in ids
    }
    return File(
        content=comparison_files.render(found, names, fmt),
        content_type=comparison_files.MIMES[fmt],
        name=f"comparison_{'_'.join(map(str, ids[:6]))}.{fmt}",
    )


def _compared(call: Call) -> tuple[compare.Evidence, compare.Comparison]:
    baseline_ids = list(dict.fromkeys(call.query.get("baseline") or ()))
    candidate_ids = list(dict.fromkeys(call.query.get("candidate") or ()))
    ids = list(dict.fromkeys(call.query.get("ids") or ()))
    history = call.history
    if ids:
        strangers = [run_id for run_id in baseline_ids if run_id not in ids]
        if strangers:
            raise _refused(f"query.baseline: run {strangers[0]} is not one of query.ids.")
        if len(ids) < 2 or len(baseline_ids) == len(ids):
            raise _refused("query.ids: choose at least two different runs to compare.")
        if not baseline_ids:
            rows = history.run_rows(ids, call.user_id)
            pinned = [run_id for run_id in ids if rows[run_id].get("pinned")]
            baseline_ids = pinned if 0 < len(pinned) < len(ids) else ids[:1]
        candidate_ids = candidate_ids or [run_id for run_id in ids if run_id not in baseline_ids]
    if not baseline_ids or not candidate_ids:
        raise _refused("query: say which runs, as baseline and candidate or as ids.")
    if both := set(baseline_ids) & set(candidate_ids):
        raise _refused(f"query.candidate: run {min(both)} is in the baseline too.")
    evidence = for_comparison(history, baseline_ids, candidate_ids, call.user_id)
    return evidence, compare.compare(baseline_ids, candidate_ids, evidence)


def _refused(message: str) -> RefusedError:
    return RefusedError(422, "not_comparable", message)
