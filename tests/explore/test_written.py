"""Where the way from an input to an output is lost, as a cell's text tells it."""

import pytest

from gradmagic.explore.explorer import Explorer, request_from
from gradmagic.explore.request import GradUsageError

LEAF = "a = torch.tensor(2.0, requires_grad=True)\n"
GIVEN = "y.sum(), (x, a)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("b = float(a)\ny = b * x", "line 2 leaves the graph by float(a)"),
        ("b = a.item()\ny = b * x", "line 2 leaves the graph by a.item()"),
        ("b = a * 2\nc = b.detach() ** 2\ny = c * x", "line 3 leaves the graph by b.detach()"),
        ("with torch.no_grad():\n    b = a ** 2\ny = b * x", "line 3 was computed under torch.no_grad()"),
        ("y = x * a.data", "line 2 leaves the graph by a.data"),
        ("y = a * x\na = a * 1", "line 3 bound that name anew"),
        ("a = a * 1\ny = a.detach() * x", "line 3 leaves the graph by a.detach()"),
        ("y = x * 2", "it was computed from other tensors, or the name was bound anew"),
    ],
)
@pytest.mark.filterwarnings("ignore:Converting a tensor")
def test_an_input_that_was_not_used_is_told_where_the_way_was_lost(text, why):
    with pytest.raises(RuntimeError, match="not have been used") as caught:
        Explorer(*request_from(f"{LEAF}{text}\ng = torch.autograd.grad({GIVEN})", of="y"))
    assert f"does not depend on a: {why}" in " ".join(caught.value.__notes__)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("w = x.detach() ** 2\ny = 2 * w", "line 1 leaves the graph by x.detach()"),
        ("(2 * x).detach()", "line 1 leaves the graph by (2 * x).detach()"),
        ("with torch.no_grad():\n    w = x * 2\ny = w", "line 2 was computed under torch.no_grad()"),
    ],
)
def test_a_y_that_has_lost_x_is_told_where(text, why):
    with pytest.raises(GradUsageError, match="does not depend on 'x'") as caught:
        Explorer(*request_from(text, **({"of": "y"} if "y =" in text else {})))
    assert why in str(caught.value)


def test_a_call_whose_output_has_lost_its_input_is_told_where():
    with pytest.raises(RuntimeError, match="does not require grad") as caught:
        Explorer(*request_from("w = x.detach()\ny = 2 * w\ng = torch.autograd.grad(y.sum(), x)", of="y"))
    assert "Nothing links this tensor to x: line 1 leaves the graph by x.detach()" in caught.value.__notes__[0]
