"""Learning rates over epochs are torch's."""

from __future__ import annotations

from typing import Any

import pytest

from gradmagic import torch as ours

SCHEDULES = {
    "StepLR": {"step_size": 3, "gamma": 0.5}, "ExponentialLR": {"gamma": 0.9},
    "CosineAnnealingLR": {"T_max": 4, "eta_min": 0.01}, "LambdaLR": {"lr_lambda": lambda epoch: 1 / (1 + epoch)},
}  # fmt: skip


def rates(torch: Any, name: str) -> list[Any]:
    groups = [
        {"params": [torch.ones(2, requires_grad=True)]},
        {"params": [torch.ones(1, requires_grad=True)], "lr": 0.3},
    ]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **SCHEDULES[name])
    found = [scheduler.get_last_lr()]
    for _ in range(11):
        optimizer.step()
        scheduler.step()
        found.append(scheduler.get_last_lr())
        assert found[-1] == [g["lr"] for g in optimizer.param_groups]
    return found


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rates_are_torchs(name: str) -> None:
    theirs = pytest.importorskip("torch")
    assert rates(ours, name) == rates(theirs, name)


def test_a_schedule_goes_on_from_its_state() -> None:
    optimizer = ours.optim.SGD([ours.ones(1, requires_grad=True)], lr=1.0)
    first = ours.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    first.step()
    second = ours.optim.lr_scheduler.StepLR(ours.optim.SGD([ours.ones(1, requires_grad=True)], lr=1.0), 5)
    second.load_state_dict(first.state_dict())
    second.step()
    assert second.get_last_lr() == [0.5]
    with pytest.raises(TypeError, match="int is not an Optimizer"):
        ours.optim.lr_scheduler.StepLR(3, 1)  # type: ignore[arg-type, unused-ignore]
