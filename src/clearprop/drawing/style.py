"""The one place for colours and type: custom properties for light and dark, and the classes drawings use.

Drawings name classes, never colours. A page includes `page_style()` once: with it playground, report and explanation
look alike. `data-theme="light"` or `"dark"` on the root element overrides what the reader's system prefers.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from clearprop.drawing.markup import Markup

# Each colour's name, on light, on dark. Words are readable on the grounds, and `ink` on every fill (WCAG AA).
# The four phases of a step and the two marks "used" and "computed" are the same everywhere.
COLOURS: dict[str, tuple[str, str]] = {
    "paper": ("#fcfaf6", "#17181b"),
    "surface": ("#ffffff", "#1f2125"),
    "rule": ("#d9d5cc", "#3b3e45"),
    "ink": ("#1c1b19", "#eeece7"),
    "muted": ("#66625b", "#a9a69f"),
    "accent": ("#2b5bd7", "#94b5ff"),
    "forward": ("#a3c6e9", "#2c5a88"),
    "loss": ("#e9b8cd", "#7c3d5a"),
    "backward": ("#f3c696", "#7d4f1c"),
    "update": ("#a9d9a5", "#2d6638"),
    "used": ("#ffb27c", "#8a4714"),
    "used-line": ("#b6590d", "#ffab6b"),
    "computed": ("#ffd94f", "#6c5800"),
    "computed-line": ("#9a7400", "#ffd94f"),
    "edge": ("#b9b4a9", "#595c63"),
    "node-line": ("#847d70", "#8f9197"),
    "first": ("#2b5bd7", "#94b5ff"),
    "second": ("#b6590d", "#ffab6b"),
    "right": ("#a3c6e9", "#2c5a88"),
    "wrong": ("#f7b98c", "#9c5219"),
}
WORDS = ("ink", "muted", "accent", "first", "second")
GROUNDS = ("paper", "surface")
FILLS = ("forward", "loss", "backward", "update", "used", "computed", "right", "wrong")

SANS = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Hiragino Sans GB", '
    '"Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
)
MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'

_DRAWING = """
.drawing { display: block; max-width: 100%; height: auto; }
.drawing { font: 12px var(--sans); font-variant-numeric: tabular-nums; }
.drawing text { fill: var(--ink); }
.drawing .muted { fill: var(--muted); }
.drawing .small { font-size: 11px; }
.drawing .strong { font-weight: 600; }
.drawing .middle { text-anchor: middle; }
.drawing .end { text-anchor: end; }
.drawing .grid { stroke: var(--rule); stroke-width: 1; fill: none; }
.drawing .axis { stroke: var(--node-line); stroke-width: 1; fill: none; }
.drawing .guide { stroke: var(--node-line); stroke-width: 1; stroke-dasharray: 3 3; fill: none; }
.drawing .edge line { stroke: var(--edge); stroke-width: 1.5; }
.drawing .edge.faint line { stroke-width: 0.75; opacity: 0.75; }
.drawing .node circle { fill: var(--surface); stroke: var(--node-line); stroke-width: 1.5; }
.drawing .pill { fill: var(--paper); stroke: var(--rule); }
.drawing .quantity .pill { fill: var(--surface); }
.drawing .tag .pill { fill: transparent; stroke: none; }
.drawing .tag text { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
.drawing .tag:is(.used, .computed) text { stroke: none; }
.drawing .used circle, .drawing .used .pill { fill: var(--used); stroke: var(--used-line); }
.drawing .computed circle, .drawing .computed .pill { fill: var(--computed); stroke: var(--computed-line); }
.drawing .edge.used line { stroke: var(--used-line); stroke-width: 3; }
.drawing .edge.computed line { stroke: var(--computed-line); stroke-width: 3; }
.drawing .weights.used line { stroke: var(--used-line); }
.drawing .weights.computed line { stroke: var(--computed-line); }
.drawing .tag.used .pill { fill: var(--used); }
.drawing .tag.computed .pill { fill: var(--computed); }
.drawing .tag:is(.used, .computed) text { fill: var(--ink); }
.drawing .cell rect { fill: var(--surface); stroke: var(--rule); stroke-width: 0.5; }
.drawing .cell.used rect, .drawing .matrix.used rect { fill: var(--used); }
.drawing .cell.computed rect, .drawing .matrix.computed rect { fill: var(--computed); }
.drawing .way path { stroke: var(--edge); stroke-width: 1.25; fill: none; }
.drawing .way.used path { stroke: var(--used-line); stroke-width: 2.5; }
.drawing .way.computed path { stroke: var(--computed-line); stroke-width: 2.5; }
.drawing .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.drawing .curve.faint { stroke-width: 1; stroke-opacity: 0.3; }
.drawing .first { stroke: var(--first); }
.drawing .second { stroke: var(--second); }
.drawing text.first { fill: var(--first); stroke: none; }
.drawing text.second { fill: var(--second); stroke: none; }
.drawing .ring { fill: var(--paper); stroke-width: 2; }
.drawing .points { fill: var(--first); fill-opacity: 0.5; }
.drawing .bar { fill: var(--forward); }
.drawing .bar.other { fill: var(--edge); }
.drawing .track { fill: var(--rule); fill-opacity: 0.45; }
.drawing .dot { fill: var(--muted); }
.drawing .cell .right { fill: var(--right); }
.drawing .cell .wrong { fill: var(--wrong); }
"""


# A check box turns the reader's own theme round, where no script may run.
_SWITCH = """
@media (prefers-color-scheme: light) { :root:has(#theme:checked) { color-scheme: dark; } }
@media (prefers-color-scheme: dark) { :root:has(#theme:checked) { color-scheme: light; } }
"""


def stylesheet(root: str = ":root") -> str:
    """CSS for any page with drawings: the colours of both themes, the type, and the drawings' classes.

    `root` is the selector of what holds the colours, for drawings in a page that is not ours.
    """
    light = "".join(f" --{name}: {pair[0]};" for name, pair in COLOURS.items())
    both = "".join(f" --{name}: light-dark({pair[0]}, {pair[1]});" for name, pair in COLOURS.items())
    return (
        f"{root} {{ color-scheme: light dark; --sans: {SANS}; --mono: {MONO};{light} }}\n"
        # A browser without light-dark() stays light.
        f"@supports (color: light-dark(red, red)) {{ {root} {{{both} }} }}\n"
        f'{root}[data-theme="light"] {{ color-scheme: light; }}\n'
        f'{root}[data-theme="dark"] {{ color-scheme: dark; }}\n'
        f"@media print {{ {root}, {root}[data-theme] {{ color-scheme: light; }} }}" + _DRAWING
    )


@cache
def _shared() -> str:
    return files("clearprop.drawing").joinpath("page.css").read_text(encoding="utf-8")


def page_style(own: str = "") -> str:
    """CSS of a whole page: the drawings', what all pages share, and its own."""
    return stylesheet() + _SWITCH + _shared() + own


def inset_style(root: str, own: str = "") -> str:
    """The same for one element, selected by `root`, of a page that is not ours; nothing around it changes.

    >>> inset_style(".mine").startswith(".mine { color-scheme")
    True
    """
    return f"{stylesheet(root)} {root} {{ {_shared()} {own} }}"


def standalone(drawing: Markup) -> Markup:
    """A drawing with its own colours and ground: for a notebook, or a file of its own.

    >>> from clearprop.drawing.markup import picture
    >>> standalone(picture("p", 10, 10, "nothing")).count("<style>")
    1
    """
    start, _, rest = drawing.partition(">")
    style = stylesheet(".drawing") + ".drawing { background: var(--paper); }"
    return Markup(f"{start}><style>{style}</style>{rest}")


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours `#rrggbb`, 1 to 21, as WCAG 2 defines it (4.5 or more for words: AA).

    >>> round(contrast("#000000", "#ffffff"), 2)
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
