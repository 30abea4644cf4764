"""Every op of torch's own database, as recorded by ``python -m tests.ops.opinfo --record``, has its name here."""

import json
from pathlib import Path

import pytest

from gradmagic import torch

RECORD = json.loads(Path(__file__).with_name("opinfo_agree.json").read_text())
NAMES = sorted({name.split("/")[0] for name in (*RECORD["agree"], *RECORD["others"])})


@pytest.mark.parametrize("name", NAMES)
def test_torchs_name_is_a_function_or_a_method(name):
    owner = torch
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    assert hasattr(owner, last) or hasattr(torch.Tensor, last)


def test_hardly_anything_differs_and_nothing_is_missing():
    assert len(RECORD["agree"]) > 410
    assert "missing" not in RECORD["others"].values()
