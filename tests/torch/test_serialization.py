"""Files hold tensors and containers of them, and nothing else comes out of one."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from gradmagic import torch
from gradmagic.torch import nn


class Call:
    """What a hostile file is made of: a function and its arguments."""

    def __reduce__(self) -> Any:
        return print, ("called",)


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, tmp_path / "state.pt")
    found = torch.load(tmp_path / "state.pt")
    assert found["epoch"] == 3
    assert isinstance(found["model"], OrderedDict)
    assert all(torch.equal(found["model"][name], value) for name, value in model.state_dict().items())
    assert torch.equal(found["optimizer"]["state"][0]["exp_avg"], optimizer.state_dict()["state"][0]["exp_avg"])


def test_tensors_keep_what_they_are() -> None:
    given = [
        nn.Parameter(torch.ones(2)),
        torch.tensor(1.5, requires_grad=True),
        torch.arange(3),
        torch.float64,
        torch.Size([2]),
    ]
    file = io.BytesIO()
    torch.save(given, file)
    file.seek(0)
    assert repr(torch.load(file)) == repr(given)


@pytest.mark.parametrize("path", ["builtins.eval", "builtins.exec"])
def test_a_dotted_name_is_no_way_around(path: str) -> None:
    module = b"gradmagic.engine.dtypes"
    name = path.encode()
    data = b"\x80\x04\x8c" + bytes([len(module)]) + module + b"\x8c" + bytes([len(name)]) + name + b"\x93."
    with pytest.raises(pickle.UnpicklingError, match="only tensors, numbers, strings and containers"):
        torch.load(io.BytesIO(data))


def test_nothing_else_is_written_or_read(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(pickle.UnpicklingError, match=r"Save a state_dict\(\) instead"):
        torch.save(nn.Linear(1, 1), io.BytesIO())
    with pytest.raises(pickle.UnpicklingError, match=r"holds a builtins\.print"):
        torch.load(io.BytesIO(pickle.dumps(Call())))
    with pytest.raises(pickle.UnpicklingError, match="written by real torch"):
        torch.load(io.BytesIO(b"PK\x03\x04"))
    assert capsys.readouterr().out == ""
