"""The panel of several outputs, without a front end."""

import pytest

import gradmagic


@pytest.fixture
def panel():
    panel = gradmagic.explore("u = a * x\nv = x**2\nu, v", x=(-2, 2, 1), a=(0, 3, 2))
    yield panel
    panel.close()


def test_caption_and_read_outs_say_each_in_its_colour(panel):
    caption = panel.words.caption.value
    assert '<span class="gm-o0 gm-whole">u = 2</span>' in caption
    assert '<span class="gm-o1 gm-whole">dv/dx = 2</span>' in caption
    assert (
        '<span class="gm-whole"><span class="gm-o0 gm-whole">u = 2</span>,</span>' in caption
    )  # no line begins with it
    assert panel.words.readouts.value.count("<span") == 6


def test_a_slider_and_undo_move_both(panel):
    panel.controls.params["a"].slider.value = 3.0
    assert float(panel.outputs["u"].y[-1]) == 6.0
    assert "u = 3" in panel.words.caption.value
    panel.undo.back.click()
    assert "u = 2" in panel.words.caption.value


def test_values_csv_code_and_line(panel, tmp_path):
    panel.pages.bar.value = "values"
    page = panel.pages._made["values"]
    assert page.csv.value.startswith("x,u,v,du/dx,dv/dx,d²u/dx²,d²v/dx²\n-2.0,-4.0,4.0,2.0,-4.0,0.0,2.0\n")
    assert panel.save(tmp_path / "a.csv").read_text() == page.csv.value
    panel.pages.bar.value = "code"
    code = panel.pages._made["code"]
    assert code.line.value.startswith("%%grad x=-2:2@1 a=0:3@2\nu = a * x")
    assert "dvdx, = torch.autograd.grad(v, x, torch.ones_like(v), create_graph=True)" in code.torch.value


def test_an_order_is_left_out_for_both(panel):
    assert [one.description for one in panel.controls.shown.orders.row.children] == ["values", "d/dx", "d²/dx²"]
    panel.controls.shown.orders.switches[1].value = False
    assert [curve.label for curve in panel.curves.curves] == ["u", "v", "d²u/dx²", "d²v/dx²"]


def test_what_it_shows_without_a_front_end(panel):
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"].startswith("u, v, du/dx, dv/dx, d²u/dx², d²v/dx² for x from -2 to 2")
    assert '<th scope="col">dv/dx</th>' in bundle["text/html"]
    assert "At x = 1: u = 2, v = 1, du/dx = 2, dv/dx = 2" in bundle["text/html"]
