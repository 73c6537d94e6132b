"""Whose code took the time, and which functions."""

from __future__ import annotations

import pytest

from engine.analysis.stacks import (
    by_owner,
    fitted,
    owner_changes,
    owner_statistics,
    owner_times,
    top_functions,
    with_foreign_times,
)
from engine.model import Function, Owner, OwnerTime, Stacks, StackTree, Step

CORE, PACK, TORCH, PYTHON = range(4)
STACKS = Stacks(
    owners=(
        Owner("core", "ComfyUI"),
        Owner("pack", "ComfyUI-Extra"),
        Owner("torch", "torch"),
        Owner("interpreter", "Python"),
    ),
    functions=(
        Function("encode", "nodes.py", 10, CORE),
        Function("patched", "extra/patch.py", 5, PACK),
        Function("linear", "torch/nn/functional.py", 9, TORCH),
        Function("contextmanager", "contextlib.py", 1, PYTHON, True),
        Function("attention", "comfy/attention.py", 7, CORE),
    ),
    # encode -> patched -> linear; encode -> contextmanager -> attention -> linear
    trees=(
        StackTree(
            node_id="6",
            owner=CORE,
            sample_count=41,
            functions=(0, 1, 2, 3, 4, 2),
            parents=(-1, 0, 1, 0, 3, 4),
            self_s=(0.5, 30.0, 8.0, 0.5, 1.0, 1.0),
        ),
        StackTree(node_id="6", thread="worker", functions=(1,), parents=(-1,), self_s=(9.0,)),
    ),
)


def test_what_torch_and_python_do_counts_for_the_code_that_called_them() -> None:
    assert [tuple(entry) for entry in owner_times(STACKS)] == [
        ("6", "pack", "ComfyUI-Extra", 38.0, True),
        ("6", "core", "ComfyUI", 3.0, False),
    ]


def test_a_pack_in_its_own_node_is_not_foreign() -> None:
    (tree, worker) = STACKS.trees
    own = StackTree(
        node_id="6", owner=PACK, functions=tree.functions, parents=tree.parents, self_s=tree.self_s
    )
    stacks = Stacks(owners=STACKS.owners, functions=STACKS.functions, trees=(own, worker))
    assert not any(entry.is_foreign for entry in owner_times(stacks))


def test_the_costliest_functions_with_their_shares() -> None:
    found = top_functions(STACKS, "6")
    assert [(entry.function.name, entry.time_s) for entry in found] == [
        ("patched", 38.0),
        ("attention", 2.0),
        ("encode", 1.0),
    ]
    assert found[0].share == pytest.approx(38 / 41)
    assert top_functions(STACKS, "unknown") == ()


def test_steps_name_the_pack_that_took_their_time() -> None:
    steps = (Step(node_id="6", node_type="A"), Step(node_id="7", node_type="B"))
    found = with_foreign_times(steps, owner_times(STACKS))
    assert (found[0].foreign_time_s, found[0].foreign_pack) == (38.0, "ComfyUI-Extra")
    assert (found[1].foreign_time_s, found[1].foreign_pack) == (None, None)


def test_a_run_by_owner_starts_with_the_longest() -> None:
    assert list(by_owner(owner_times(STACKS)).items()) == [
        (Owner("pack", "ComfyUI-Extra"), 38.0),
        (Owner("core", "ComfyUI"), 3.0),
    ]


def test_no_node_is_given_more_than_its_active_time() -> None:
    found = fitted(STACKS, [Step(node_id="6", node_type="CLIPTextEncode", exec_time=20.5)])
    assert sum(found.trees[0].self_s) == pytest.approx(20.5)
    assert found.trees[1] == STACKS.trees[1]
    longer = fitted(STACKS, [Step(node_id="6", node_type="CLIPTextEncode", exec_time=60.0)])
    assert longer.trees == STACKS.trees


def test_owners_over_runs_and_what_changed_between_them() -> None:
    def times(core: float, pack: float) -> tuple[OwnerTime, ...]:
        return (
            OwnerTime("6", "core", "ComfyUI", core),
            *((OwnerTime("6", "pack", "Extra", pack, True),) if pack else ()),
        )

    runs = {1: times(3.0, 0.0), 2: times(3.2, 0.0), 3: times(3.1, 38.0)}
    core, pack = owner_statistics(runs)
    assert (core.owner, core.runs, core.median_s) == ("ComfyUI", 3, 3.1)
    assert (pack.owner, pack.runs, pack.median_s) == ("Extra", 1, 0.0)
    first, *_ = owner_changes(runs, [1, 2], [3])
    assert (first.owner, first.baseline, first.candidate, first.change) == ("Extra", 0.0, 38.0, 38.0)
    assert owner_changes(runs, [1, 2], [99]) == ()
