"""The programs that the benchmarks time give the same numbers on gradmagic and on each installed peer."""

from __future__ import annotations

import warnings

import pytest

from tests.benchmarks.__main__ import IN_PROCESS
from tests.benchmarks.measuring import agree, markdown, measured, terminal
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
