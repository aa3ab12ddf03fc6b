"""A small builder for SVG and HTML: what it returns is always well-formed, whatever text goes in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
# Childless elements that HTML and XML may both write as <br/>; every other element gets an end tag.
EMPTY = frozenset({"br", "circle", "col", "hr", "input", "line", "link", "meta", "path", "polyline", "rect"})
# Characters that no XML document may contain, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Markup(str):
    """Text that is markup already; any other string is escaped when it becomes a child of an element."""

    __slots__ = ()


def text(value: str) -> Markup:
    """A string as markup that shows it: `&`, `<`, `>` and quotes escaped, characters XML forbids replaced.

    >>> text('<b> "&" \\x00')
    '&lt;b&gt; &quot;&amp;&quot; \ufffd'
    """
    return Markup(escape(_FORBIDDEN.sub("\ufffd", value), {'"': "&quot;"}))


def join(parts: Iterable[str | None], between: str = "") -> Markup:
    """Several pieces of markup or text as one, `None` left out.

    >>> join(["a < b", None, Markup("<br/>")])
    'a &lt; b<br/>'
    """
    kept = (part if isinstance(part, Markup) else text(part) for part in parts if part is not None)
    return Markup(text(between).join(kept))


def element(tag: str, *children: str | None, **attributes: str | float | bool | None) -> Markup:
    """One element with its attributes and children.

    An attribute's underscores become hyphens (but for one at the end: `class_`); `None` and `False` leave it
    out, `True` writes it as its own value. Coordinates are rounded to a hundredth, which no screen can show.

    >>> element("text", "a < b", x=1.0, data_id="a1[2]", class_="node")
    '<text x="1" data-id="a1[2]" class="node">a &lt; b</text>'
    >>> element("rect", x=1 / 3, hidden=None)
    '<rect x="0.33"/>'
    """
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in EMPTY and not children:
        return Markup(f"<{tag}{written}/>")
    return Markup(f"<{tag}{written}>{join(children)}</{tag}>")


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        value = name
    return f' {name}="{text(value if isinstance(value, str) else coordinate(value))}"'


def coordinate(value: float) -> str:
    """A length in a drawing, to a hundredth, as short as it can be written.

    >>> coordinate(12.0), coordinate(0.126), coordinate(-0.001)
    ('12', '0.13', '0')
    """
    short = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def identifier(prefix: str, name: str) -> str:
    """A valid XML and HTML id for any name, different for different names of one prefix.

    >>> identifier("net", "W1[2->1]")
    'net-W1_5b_2-_3e_1_5d_'
    """
    return prefix + "-" + re.sub(r"[^A-Za-z0-9.-]", lambda found: f"_{ord(found[0]):x}_", name)


def group(prefix: str, name: str, *children: str | None, class_: str | None = None) -> Markup:
    """A group of shapes that stands for one quantity: `data-id` is its name, `id` the same made valid."""
    return element("g", *children, id=identifier(prefix, name), data_id=name, class_=class_)


def picture(prefix: str, width: float, height: float, label: str, *children: str | None) -> Markup:
    """A whole drawing, its natural size in pixels, with the words that stand for it when it is not seen."""
    return element(
        "svg",
        *children,
        xmlns=SVG_NAMESPACE,
        id=prefix,
        class_="drawing",
        role="img",
        aria_label=label,
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        width=width,
        height=height,
    )
