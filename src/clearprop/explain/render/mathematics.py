"""Names, numbers and matrices in LaTeX's math mode, for Markdown, LaTeX and JSON."""

from __future__ import annotations

from clearprop.explain.notation import Mark, Name
from clearprop.explain.render.links import LEFT_OUT, Grid, holding
from clearprop.explain.typeset import ATOM, MULTIPLIED, SIGNED, Latex, Piece

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda",
    "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "∂": "partial", "→": "to", "←": "leftarrow", "·": "cdot",
    "×": "times", "′": "prime", "∞": "infty", "…": "ldots", "⊙": "odot", "∇": "nabla", "ℓ": "ell",
}  # fmt: skip
SYMBOLS = {letter: rf"\{name} " for letter, name in _GREEK.items()} | {"−": "-", "†": r"\dagger "}
SPECIAL = {letter: rf"\{letter}" for letter in "_%&#${}"}


class LatexWriter:
    """Names with their indices and accents set, numbers, and matrices in brackets."""

    style = Latex()

    def name(self, name: Name) -> str:
        if name.by is None:
            return mark(name.mark)
        return rf"\frac{{\partial {mark(name.mark)}}}{{\partial {mark(name.by)}}}"

    def symbol(self, name: Name) -> Piece:
        return Piece(self.name(name), holding(name))

    def number(self, printed: str) -> Piece:
        if printed == "NaN":
            return Piece(r"\mathrm{NaN}")
        mantissa, e, exponent = printed.replace("∞", r"\infty").partition("e")
        if e:
            return Piece(rf"{mantissa} \times 10^{{{int(exponent)}}}", SIGNED if mantissa[0] == "-" else MULTIPLIED)
        return Piece(mantissa, SIGNED if mantissa.startswith("-") else ATOM)

    def matrix(self, rows: Grid) -> str:
        cells = [" & ".join(self._cell(row, one) for one in row) for row in rows]
        return r"\begin{bmatrix} " + r" \\ ".join(cells) + r" \end{bmatrix}"

    def _cell(self, row: tuple[str, ...], cell: str) -> str:
        if cell != LEFT_OUT:
            return self.number(cell).text
        return r"\vdots" if all(one == LEFT_OUT for one in row) else r"\cdots"


WRITER = LatexWriter()


def mark(one: Mark) -> str:
    r"""A letter with what stands around it.

    >>> print(mark(Mark("δ", "1→2", "(1)")), mark(Mark("net", "h1")))
    \delta_{1\to 2}^{(1)} \mathrm{net}_{\mathrm{h1}}
    """
    base = _letters(one.base)
    if one.accent:
        base = rf"\{one.accent}{{{base}}}"
    sub = f"_{{{_letters(one.sub)}}}" if one.sub else ""
    sup = f"^{{{_letters(one.sup)}}}" if one.sup else ""
    return base + sub + sup


def _letters(text: str) -> str:
    """Words upright, single letters and signs as mathematics."""
    parts: list[str] = []
    word = ""
    for letter in [*text, ""]:
        if letter == "_" or (letter.isascii() and letter.isalnum()):
            word += letter
            continue
        if word:
            plain = word.isdigit() or len(word) == 1
            parts.append(word if plain else rf"\mathrm{{{''.join(SPECIAL.get(one, one) for one in word)}}}")
            word = ""
        if letter:
            parts.append(SYMBOLS.get(letter, SPECIAL.get(letter, letter)))
    return "".join(parts).strip()


_INDICES = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖ", "0123456789ijk", strict=True))
_EXPONENTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹ᵗᵀ", "0123456789tT", strict=True))
_IN_WORDS = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "≥": r"\(\ge\)"}


def words(text: str) -> str:
    """Words in LaTeX, outside of math mode.

    >>> words("δ = ∂E/∂z, 50 %")
    '\\\\(\\\\delta\\\\) = \\\\(\\\\partial\\\\)E/\\\\(\\\\partial\\\\)z, 50 \\\\%'
    """
    return "".join(_in_words(letter) for letter in text)


def _in_words(letter: str) -> str:
    if letter in SYMBOLS:
        return rf"\({SYMBOLS[letter].strip()}\)"
    if letter in _INDICES:
        return rf"\({{}}_{_INDICES[letter]}\)"
    if letter in _EXPONENTS:
        return rf"\({{}}^{_EXPONENTS[letter]}\)"
    if letter == "√":
        return r"\(\surd\)"
    if letter in "ŷŶ":
        return rf"\(\hat{{{'y' if letter == 'ŷ' else 'Y'}}}\)"
    return SPECIAL.get(letter, _IN_WORDS.get(letter, letter))
