"""Names, numbers and matrices in MathML, as browsers set them by themselves."""

from __future__ import annotations

from html import escape

from clearprop.explain.notation import Mark, Name
from clearprop.explain.render.links import LEFT_OUT, Grid, holding
from clearprop.explain.typeset import ATOM, MULTIPLIED, SIGNED, MathML, Piece

_ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~"}


class MathMLWriter:
    """Names with their indices and accents set, numbers, and matrices in brackets."""

    style = MathML()

    def name(self, name: Name) -> str:
        if name.by is None:
            return mark(name.mark)
        return f"<mfrac><mrow><mo>∂</mo>{mark(name.mark)}</mrow><mrow><mo>∂</mo>{mark(name.by)}</mrow></mfrac>"

    def symbol(self, name: Name) -> Piece:
        return Piece(self.name(name), holding(name))

    def number(self, printed: str) -> Piece:
        mantissa, e, exponent = printed.partition("e")
        negative = mantissa.startswith("-")
        number = f"<mn>{mantissa.removeprefix('-')}</mn>"
        if e:
            power = f"<mn>{int(exponent)}</mn>".replace("-", "−")
            number = f"{number}<mo>×</mo><msup><mn>10</mn>{power}</msup>"
        signed = f"<mo form='prefix'>−</mo>{number}" if negative else number
        binding = SIGNED if negative else MULTIPLIED if e else ATOM
        return Piece(f"<mrow>{signed}</mrow>" if e or negative else signed, binding)

    def matrix(self, rows: Grid) -> str:
        body = "".join(f"<mtr>{''.join(f'<mtd>{self._cell(cell)}</mtd>' for cell in row)}</mtr>" for row in rows)
        return f"<mrow><mo>[</mo><mtable>{body}</mtable><mo>]</mo></mrow>"

    def _cell(self, cell: str) -> str:
        return "<mo>⋯</mo>" if cell == LEFT_OUT else self.number(cell).text


WRITER = MathMLWriter()


def mark(one: Mark) -> str:
    """A letter with what stands around it.

    >>> mark(Mark("w", "5", "+"))
    '<msubsup><mi>w</mi><mn>5</mn><mo>+</mo></msubsup>'
    """
    base = _letters(one.base)
    if one.accent:
        base = f"<mover accent='true'>{base}<mo>{_ACCENTS[one.accent]}</mo></mover>"
    if one.sub and one.sup:
        return f"<msubsup>{base}{_letters(one.sub)}{_letters(one.sup)}</msubsup>"
    if one.sub or one.sup:
        tag = "msub" if one.sub else "msup"
        return f"<{tag}>{base}{_letters(one.sub or one.sup)}</{tag}>"
    return base


def _letters(text: str) -> str:
    if text.isdecimal():
        return f"<mn>{text}</mn>"
    if len(text) == 1 and not text.isalpha():
        return f"<mo>{escape(text)}</mo>"
    return f"<mi>{escape(text)}</mi>"
