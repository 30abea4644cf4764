"""The programs that the benchmarks time give the same numbers on gradmagic and on each installed peer."""

from __future__ import annotations

import warnings

import pytest

from tests.benchmarks.__main__ import IN_PROCESS, note
from tests.benchmarks.measuring import Row, agree, markdown, measured, terminal
from tests.benchmarks.peers import installed


@pytest.mark.parametrize("name", IN_PROCESS)
def test_all_contestants_of_a_workload_agree(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers' own
        peers = {name: peer for name, peer in installed().items() if name in ("torch", "autograd", "mygrad")}
        for case in IN_PROCESS[name](peers, True):
            agree(case)


def test_a_result_that_differs_stops_the_benchmark() -> None:
    (case,) = IN_PROCESS["W1b"]({}, True)
    ours = case.run["gradmagic"]
    case.run = {"gradmagic": ours, "torch": lambda: [one + 1e-4 for one in ours()]}
    with pytest.raises(AssertionError, match="torch and gradmagic differ"):
        agree(case)


def test_a_row_says_how_it_stands() -> None:
    (case,) = IN_PROCESS["W1b"]({}, True)
    case.run, case.reach = {**case.run, "torch": case.run["gradmagic"]}, 1e-9
    row = measured("W1b", case, 0)
    assert row.met is False
    assert "| **no** |" in markdown([row])
    assert row.ratios["torch"] == (1.0, 1.0, 1.0)
    assert "W1b" in terminal([row])


def test_of_several_runs_the_median_has_to_be_within_reach() -> None:
    rows: dict[tuple[str, ...], Row] = {}
    for ratio in (0.4, 0.9, 0.5):
        ratios = {"gradmagic": (ratio, ratio, ratio), "torch": (1.0, 1.0, 1.0)}
        note(rows, Row("W1", "a case", 0.6, "torch", {"gradmagic": ratio, "torch": 1.0}, ratios))
    (row,) = rows.values()
    assert row.earlier == [0.4, 0.9]
    assert row.met is True
    assert "0.4 · 0.9 · 0.5 (0.5–0.5)" in markdown([row])


def test_rows_beside_different_peers_are_no_runs_of_one_row() -> None:
    rows: dict[tuple[str, ...], Row] = {}
    for peer in ("interact", "ipympl"):
        note(rows, Row("scenes", "a scene", 0.1, peer, {}, {"gradmagic": (0.05, 0.05, 0.05)}))
    assert [row.earlier for row in rows.values()] == [[], []]
