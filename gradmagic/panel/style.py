"""How the panel looks, in the front end's own colours, and the names that core widgets leave out. Knows no state."""

from __future__ import annotations

import html

from gradmagic.panel.legend import legend
from gradmagic.panel.pointing import POINTING
from gradmagic.panel.take import TAKING
from gradmagic.plot.theme import DARK, LIGHT

__all__ = ["HEAD"]

# JupyterLab and Notebook, VS Code, Colab: each says in its own way that it is dark.
DARK_PLACES = (
    'body[data-jp-theme-light="false"]',
    'body[data-vscode-theme-kind="vscode-dark"]',
    'html[theme="dark"]',
)


def in_the_dark(rule: str) -> str:
    """A rule for dark front ends."""
    selector, brace, body = rule.partition("{")
    return ",".join(f"{place} {selector}" for place in DARK_PLACES) + brace + body


# Letters need more contrast than lines do: two of the curves' colours are darker where they are those of words.
WORDS = (LIGHT.curves[0], "#b34e00", "#007a58", *LIGHT.curves[3:])
ORDERS = "".join(f".gm .gm-o{order}{{color:{colour}}}" for order, colour in enumerate(WORDS))
DARK_ORDERS = "".join(in_the_dark(f".gm .gm-o{order}{{color:{colour}}}") for order, colour in enumerate(DARK.curves))

# The front end's own is drawn in dark grey, whatever its theme; an SVG in a URL knows no variables.
ARROW = (
    "--jp-widgets-dropdown-arrow:url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' "
    "viewBox='0 0 18 18'%3E%3Cpath fill='%23a4abb4' d='M4 6h10l-5 6z'/%3E%3C/svg%3E\")"
)
LEGEND = "".join([*legend(LIGHT), *map(in_the_dark, legend(DARK))])

CSS = f"""
.gm{{--gm-ink:var(--jp-ui-font-color1,#24292f);--gm-faint:#57606a;--gm-focus:#0072b2;
--gm-line:var(--jp-border-color2,#d8dde3);--gm-bad:#b3201f;--gm-good:#116329;--gm-wash:#fdf1f1;--gm-fine:#eef7f0;--gm-kept:#e6f1f8;--gm-back:#fff;
color:var(--gm-ink);border:1px solid var(--gm-line);border-radius:8px;padding:8px 12px;max-width:1100px;
font-size:13px;overflow:hidden}}
.gm .gm-head{{display:none}}
.gm .gm-picture{{flex:0 1 auto;align-items:stretch;overflow:visible;position:relative}}
.gm .gm-picture img{{height:auto;align-self:flex-start}}
.gm .gm-hint,.gm .gm-axis{{display:none}}
.gm.gm-points .gm-hint{{display:block;padding-left:82px;color:var(--gm-faint);line-height:1.5}}
.gm.gm-points:has(.gm-axis) .gm-picture img{{cursor:crosshair;touch-action:pan-y}}
.gm .gm-readouts{{width:84px;margin:0;flex:0 0 84px}}
.gm .gm-readouts .widget-html-content{{height:100%}}
.gm .gm-values{{position:relative;height:100%}}
.gm .gm-values span{{position:absolute;left:0;transform:translateY(-50%);white-space:nowrap;
font-variant-numeric:tabular-nums}}
.gm .widget-label{{text-align:left}}
.gm .widget-toggle-buttons{{display:flex;flex-flow:row wrap;align-items:center;overflow:visible}}
.gm .widget-toggle-buttons .widget-label{{flex:0 0 90px;width:90px!important}}
.gm .widget-toggle-button{{min-width:40px;margin:1px}}
.gm .widget-toggle-button.mod-active{{background:#0072b2;color:#fff;box-shadow:none}}
.gm .noUi-handle{{border-color:#0072b2}}
.gm .widget-checkbox input{{vertical-align:-2px}}
.gm .gm-tabs .widget-label{{display:none}}
.gm .gm-bar{{border-bottom:1px solid var(--gm-line);margin:0 0 4px;justify-content:space-between;align-items:center}}
.gm .gm-tabs .widget-toggle-button{{background:none;color:var(--gm-faint);box-shadow:none;border:0;
border-bottom:2px solid transparent;padding:0 14px}}
.gm .gm-tabs .widget-toggle-button.mod-active{{background:none;color:var(--gm-ink);font-weight:600;
border-bottom-color:#0072b2}}
.gm .gm-cell{{border:1px solid var(--gm-line);border-radius:4px;padding:6px 10px;line-height:1.45}}
.gm .gm-outcome{{overflow:visible;overflow-wrap:break-word}}
.gm .gm-outcomes{{container-type:inline-size}}
@container(max-width:600px){{
.gm .gm-outcomes .widget-gridbox{{grid-template-columns:minmax(0,1fr) minmax(0,1fr)!important}}
.gm .gm-outcomes .widget-gridbox>:first-child{{display:none}}
.gm .gm-outcomes .widget-gridbox>:nth-child(3n+4){{grid-column:1/-1}}}}
.gm .gm-good-cell{{background:var(--gm-fine)}} .gm .gm-bad-cell{{background:var(--gm-wash)}}
.gm .gm-cell.gm-now{{border:2px solid #0072b2;padding:5px 9px}}
.gm .gm-ok,.gm .gm-bad{{font-weight:600}}
.gm .gm-code textarea{{font-family:var(--jp-code-font-family,monospace);font-size:12px;line-height:1.4;
white-space:pre;overflow:auto;height:auto}}
.gm .gm-copied{{position:relative;overflow:visible}}
.gm .gm-copy{{display:none;position:absolute;top:5px;right:20px;line-height:24px;height:24px}}
.gm.gm-points .gm-copy{{display:block}}
.gm .gm-scroll{{max-height:380px;overflow:auto;max-width:100%}}
.gm .gm-graph g[data-node]{{cursor:pointer}} .gm .gm-graph g[data-node]:hover rect{{stroke-width:3}}
.gm .gm-formula{{font-size:14px;line-height:1.5;margin:4px 0}}
.gm .gm-drawn{{max-height:960px}}
.gm .gm-beside{{column-gap:20px}} .gm .gm-beside .gm-note:has(+.gm-drawn){{margin:8px 0}}
.gm .gm-values-table thead{{position:sticky;top:0;background:var(--gm-back)}}
.gm .gm-values-table th,.gm .gm-values-table td{{padding:2px 12px;text-align:right;font-variant-numeric:tabular-nums;
border:0;border-bottom:1px solid var(--gm-line)}}
.gm .gm-values-table .gm-pinned,.gm .gm-values-table .gm-at{{background:var(--gm-kept);font-weight:600}}
.gm .gm-caption{{line-height:1.5;font-variant-numeric:tabular-nums;
padding-left:82px;max-width:712px;box-sizing:border-box}}
.gm .gm-notes{{padding-left:82px;max-width:712px;box-sizing:border-box}}
@media(max-width:700px){{.gm .gm-caption,.gm .gm-notes,.gm.gm-points .gm-hint{{padding-left:0}}
.gm.gm .gm-found{{padding-left:16px}}
.gm .gm-picture .gm-readouts{{display:none}}}}
.gm .gm-whole{{display:inline-block}}
.gm .gm-found{{margin:2px 0 4px;padding-left:98px;max-width:712px;box-sizing:border-box;
color:var(--gm-faint);line-height:1.4;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}}
.gm .gm-checks{{list-style:none;margin:2px 0;padding:0;line-height:1.4;color:var(--gm-faint)}}
.gm .gm-section{{font-size:11px;font-weight:600;letter-spacing:.06em;color:var(--gm-faint);margin-top:6px}}
.gm .gm-note{{color:var(--gm-faint);line-height:1.4}}
.gm .gm-error{{color:var(--gm-bad);background:var(--gm-wash);border-left:3px solid var(--gm-bad);padding:6px 10px;
white-space:pre-wrap;line-height:1.4;overflow-wrap:anywhere}}
.gm .gm-typed>label,.gm .gm-quiet>label{{position:absolute;width:1px;height:1px;overflow:hidden;
clip-path:inset(50%);white-space:nowrap}}
.gm .gm-step{{font-size:0;padding:0;min-width:26px}}
.gm .gm-step::before{{font-size:14px;line-height:26px}}
.gm .gm-up::before{{content:"+"}} .gm .gm-down::before{{content:"−"}}
.gm table{{border-collapse:collapse;font-size:12px;line-height:1.45;color:var(--gm-ink)}}
.gm .gm-ledger{{width:100%}}
.gm .gm-ledger caption{{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}}
.gm th{{text-align:left;font-weight:500;color:var(--gm-faint);font-size:11px}}
.gm .gm-ledger th,.gm .gm-ledger td{{padding:4px 8px;text-align:left;vertical-align:top;white-space:normal;
border-top:1px solid var(--gm-line);overflow-wrap:break-word}}
.gm .gm-ledger td:last-child,.gm .gm-ledger th:last-child{{white-space:nowrap}}
.gm .gm-ledger th:nth-child(2){{min-width:14em}}
.gm .gm-ledger tr[data-call]{{cursor:pointer}}
.gm .gm-why{{color:var(--gm-ink);margin-top:2px}}
.gm .gm-narrow .widget-label{{flex:0 0 56px!important;width:56px!important}}
.gm .gm-narrow .widget-toggle-button{{min-width:25px;padding:0 3px}}
.gm .gm-drawn svg{{display:block;margin:0 auto}}
.gm .gm-ledger-box{{overflow-x:auto;margin-top:6px;container-type:inline-size}}
@container(max-width:600px){{
.gm .gm-ledger tr{{display:grid;grid-template-columns:18px minmax(0,1fr) auto auto;border-top:1px solid var(--gm-line)}}
.gm .gm-ledger th,.gm .gm-ledger td{{padding:2px 4px;border:0;min-width:0!important}}
.gm .gm-ledger :is(td,th):nth-child(4){{grid-area:2/2}} .gm .gm-ledger td[colspan]{{grid-area:2/2/auto/-1}}
.gm .gm-ledger :is(td,th):nth-child(5):not(:last-child){{grid-area:2/3/auto/-1;text-align:right}}
.gm .gm-ledger :is(td,th):nth-child(3),.gm .gm-ledger :is(td,th):last-child{{text-align:right}}
.gm .gm-ledger :is(td,th):last-child{{grid-area:1/4}}}}
.gm .widget-html,.gm .widget-html-content{{min-width:0;max-width:100%}}
.gm .gm-ledger code{{background:none;font-size:12px;white-space:pre-wrap;color:inherit}}
.gm .gm-ledger tr{{background:none!important}}
.gm .gm-ledger tr.gm-failed{{background:var(--gm-wash)!important;color:var(--gm-bad)}}
.gm .gm-ledger tr.gm-chosen td:first-child{{box-shadow:inset 3px 0 #0072b2}}
.gm .gm-ok{{color:var(--gm-good)}} .gm .gm-bad{{color:var(--gm-bad);font-weight:700}}
.gm .gm-where{{color:var(--gm-faint);font-size:11px;margin-left:8px}}
.gm .gm-tables{{display:flex;flex-wrap:wrap;gap:8px 24px;overflow-x:auto}}
.gm .gm-table caption{{text-align:left;font-weight:600;white-space:nowrap;padding-bottom:2px;caption-side:top}}
.gm .gm-table thead th{{text-align:right;padding:2px 7px;white-space:nowrap}}
.gm .gm-table td{{text-align:right;padding:2px 7px;border:1px solid var(--gm-line);font-variant-numeric:tabular-nums}}
.gm .gm-printed{{white-space:pre-wrap;font-family:var(--jp-code-font-family,monospace);font-size:12px;line-height:1.35;
max-height:320px;overflow:auto;margin:4px 0}}
.gm :focus-visible{{outline:2px solid var(--gm-focus)!important;outline-offset:1px}}
{ORDERS}
{DARK_ORDERS}
{LEGEND}
{in_the_dark(".gm{--gm-faint:#a4abb4;--gm-focus:#56b4e9;--gm-bad:#ff8a80;--gm-good:#6fdd8b;--gm-wash:#3a1d1d;--gm-fine:#15301f;--gm-kept:#12324a;--gm-back:#111418}")}
{in_the_dark(f".gm{{{ARROW}}}")}
{in_the_dark(".gm.gm-auto img.widget-image{filter:invert(.93) hue-rotate(180deg)}")}
"""

# Core sliders, groups of toggles and players have no accessible name (their label is not tied to them), a toggle does
# not say that it is pressed, and the bar of pages does not say that it is one. Where the front end runs this script it
# says all that; where it does not, the typed field and the buttons beside a slider have names of their own, and every
# tab is reached by Tab.
NAMING = """
  function set(e, name, value) { if (e && e.getAttribute(name) !== value) e.setAttribute(name, value); }
  function all(root, what, act) { root.querySelectorAll(what).forEach(act); }
  function named(w) { var l = w && w.querySelector('label'); return (l && l.textContent) || ''; }
  function player(p) {
    var row = p.closest('.widget-hbox'), what = named(row && row.querySelector('.widget-slider'));
    var list = p.closest('.widget-vbox').querySelector('select');  // which slider it moves, where there are several
    if (!what && list && list.selectedOptions[0]) what = list.selectedOptions[0].textContent;
    all(p, 'button', function (b) {
      var icon = b.querySelector('i'), kind = /fa-(play|pause|stop|retweet|repeat)/.exec(icon ? icon.className : '');
      if (kind) set(b, 'aria-label', (kind[1] === 'retweet' ? 'repeat' : kind[1]) + ' ' + what);
      if (kind && kind[1] === 'retweet') set(b, 'aria-pressed', String(b.classList.contains('mod-active')));
    });
  }
  function group(w) {
    var tabs = w.classList.contains('gm-tabs'), first = w.querySelector('button'), inner = first && first.parentNode;
    set(inner, 'role', tabs ? 'tablist' : 'group');
    set(inner, 'aria-label', named(w));
    all(w, 'button', function (b) {
      var on = String(b.classList.contains('mod-active'));
      if (tabs) { set(b, 'role', 'tab'); set(b, 'aria-selected', on); } else set(b, 'aria-pressed', on);
      if (tabs && on === 'true') set(panel.querySelector('.gm-page'), 'aria-label', b.textContent);
    });
  }
  function arrows(event) {
    var tab = event.target.closest('[role=tab]'), step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!tab || !step) return;
    var tabs = Array.from(tab.parentNode.children), next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    event.preventDefault();
    next.focus();
    next.click();
  }
  // JupyterLab and Notebook take arrow keys and letters for their own commands, unless an element is marked.
  function keep(event) {
    if (!panel.isConnected) { window.removeEventListener('keydown', keep, true); return; }
    var plain = !event.ctrlKey && !event.metaKey && !event.altKey && !/^(Escape|Tab)$/.test(event.key);
    plain = plain && !(event.shiftKey && event.key === 'Enter');
    if (panel.contains(event.target)) event.target.toggleAttribute('data-lm-suppress-shortcuts', plain);
  }
  function tell() {
    set(panel, 'role', 'region');
    set(panel, 'aria-label', 'derivatives');
    set(panel.querySelector('.gm-page'), 'role', 'tabpanel');
    all(panel, '.widget-slider', function (w) {
      var typed = w.parentNode.querySelector('.gm-typed input');
      all(w, '[role=slider]', function (handle) {
        set(handle, 'aria-label', named(w));
        if (typed) set(handle, 'aria-valuetext', typed.value);  // the number itself, not the step beside it
      });
    });
    all(panel, '.widget-toggle-buttons', group);
    all(panel, '.widget-play', player);
    all(panel, '.gm-copy', function (b) {
      set(b, 'aria-label', b.textContent + ' ' + named(b.parentNode));
      set(b, 'aria-live', 'polite');
    });
    all(panel, '.gm-outcome button', function (b) { set(b, 'aria-label', b.title); });
    all(panel, '.gm-drawn:not([data-seen])', lookAtMark);
  }
  // A new drawing is seen where its marked node is; without one at its lower end, where the output is.
  function lookAtMark(place) {
    place.dataset.seen = '1';
    var mark = place.querySelector('.gm-marked'), whole = place.getBoundingClientRect();
    var at = mark ? mark.getBoundingClientRect() : { top: whole.top + place.scrollHeight, left: whole.left, width: 0 };
    var most = place.scrollHeight - place.clientHeight, move = 0;
    var top = Math.min(at.top - whole.top - place.clientHeight / 2, most);
    var lowest = top === most;
    all(place, 'svg g', function (g) {  // the upper edge cuts no box: at the lower end the place is made less high
      var box = g.getBoundingClientRect(), from = box.top - whole.top - top, to = from + box.height;
      if (from < 0 && to > 0) move = lowest ? Math.max(move, to + 8) : Math.min(move, from - 8);
    });
    if (move > 0) place.style.maxHeight = place.clientHeight - move + 'px';
    place.scrollTop = top + move;
    place.scrollLeft = at.left + at.width / 2 - whole.left - place.clientWidth / 2;
  }
  tell();
  // A click on a row of the ledger is the same as choosing its call in the list of the switches.
  function choose(list, index) {
    list.selectedIndex = index;
    list.dispatchEvent(new Event('change', { bubbles: true }));
  }
  // A click on a node of a graph is the same as choosing it in the list of nodes.
  function pointed(event) {
    var node = event.target.closest('[data-node]'), list = panel.querySelector('.gm-nodes select');
    if (node && list) choose(list, +node.dataset.node);
  }
  function chosen(event) {
    var row = event.target.closest('.gm-ledger tr[data-call]'), list = panel.querySelector('.gm-calls select');
    if (!row || !list) return;
    var name = new RegExp('^call\\\\s' + row.dataset.call + ':'), options = Array.from(list.options);
    choose(list, Math.max(0, options.findIndex(function (o) { return name.test(o.text); })));
  }
  panel.addEventListener('click', chosen);
  panel.addEventListener('click', pointed);
  panel.addEventListener('keydown', arrows);
  panel.addEventListener('change', tell);
  window.addEventListener('keydown', keep, true);
  new MutationObserver(tell).observe(panel, { childList: true, subtree: true, attributeFilter: ['class'] });
"""

SCRIPT = f"""
(function (mark) {{
  var panel = mark.closest('.gm');
  if (!panel) return;
  {NAMING}
  {TAKING}
  {POINTING}
}})(this)
"""

HEAD = f'<style>{CSS}</style><img alt="" src="data:," style="display:none" onerror="{html.escape(SCRIPT)}">'
