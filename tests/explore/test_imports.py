"""`import torch` in all its forms means the engine of the cell."""

from __future__ import annotations

import ast

import pytest

from gradmagic.explore.imports import rewritten

FORMS = {
    "import torch": "from gradmagic import torch",
    "import torch as t": "from gradmagic import torch as t",
    "import numpy, torch": "import numpy\nfrom gradmagic import torch",
    "import torch.nn": "from gradmagic.torch import nn as torch\nfrom gradmagic import torch",
    "import torch.nn.functional as F": "from gradmagic.torch.nn import functional as F",
    "from torch import sin, cos as c": "from gradmagic.torch import sin, cos as c",
    "from torch import *": "from gradmagic.torch import *",
    "from torch.autograd import grad": "from gradmagic.torch.autograd import grad",
    "from torch.nn import functional as F": "from gradmagic.torch.nn import functional as F",
    "def f():\n    import torch": "def f():\n    from gradmagic import torch",
    "from gradmagic import torch": "from gradmagic import torch",
    "import torchvision": "import torchvision",
    "from . import torch": "from . import torch",
    "from os import path": "from os import path",
}


@pytest.mark.parametrize("text", FORMS)
def test_an_import_of_torch_is_one_of_ours(text: str) -> None:
    assert ast.unparse(rewritten(ast.parse(text))) == FORMS[text]


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("from gradmagic import torch", "import torch"),
        ("from gradmagic import torch as t, grad", "import torch as t\nfrom gradmagic import grad"),
        ("from gradmagic.torch import sin", "from torch import sin"),
        ("import gradmagic.torch.nn as nn", "from torch import nn as nn"),
        ("import torch", "import torch"),
        ("import torch.nn.functional as F", "from torch.nn import functional as F"),
    ],
)
def test_with_pytorch_as_the_engine_ours_is_theirs(text: str, becomes: str) -> None:
    assert ast.unparse(rewritten(ast.parse(text), "torch")) == becomes


def test_line_numbers_stay() -> None:
    tree = rewritten(ast.parse("\n\nimport numpy, torch\ny = 1"))
    assert [node.lineno for node in tree.body] == [3, 3, 4]
