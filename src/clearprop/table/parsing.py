"""Texts -> numbers, truth values, dates and times, strictly: a column is one of these only where every value is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?")
"""What stands for a missing value where values are texts, in a file or in a frame."""

DAY_FIRST, MONTH_FIRST = ORDERS = ("day first", "month first")
"""In which order a date that is not ISO is written: 31/12/2024 or 12/31/2024, also with points or hyphens."""

Parser = Callable[[pl.Series], pl.Series]
"""Texts -> values; null where a text is none of these."""


def integers(texts: pl.Series) -> pl.Series:
    """Whole numbers; one with a leading zero is a code, such as a postal one, and stays a text."""
    return _without_codes(texts, texts.cast(pl.Int64, strict=False))


def floats(texts: pl.Series) -> pl.Series:
    """Decimal numbers with a point, `1e3` and `inf` too."""
    return _without_codes(texts, texts.cast(pl.Float64, strict=False))


def decimal_commas(texts: pl.Series) -> pl.Series:
    """Decimal numbers with a comma and no point, as many countries write them."""
    return floats(texts.set(texts.str.contains(".", literal=True), None).str.replace(",", ".", literal=True))


def truths(texts: pl.Series) -> pl.Series:
    """`true` and `false`, in any case of letters."""
    lower = texts.str.to_lowercase()
    return (lower == "true").set(~lower.is_in(["true", "false"]), None)


def dates(texts: pl.Series) -> pl.Series:
    """ISO dates, `2024-02-29`."""
    return texts.str.to_date("%Y-%m-%d", strict=False)


def moments(texts: pl.Series) -> pl.Series:
    """ISO dates with or without a time, as `2024-02-29 18:30`, or with a zone, `2024-02-29T18:30:00+02:00`; in UTC."""
    joined = texts.str.replace(" ", "T", literal=True)
    local = [
        joined.str.to_datetime(f"%Y-%m-%dT{time}", strict=False, time_unit="us") for time in ("%H:%M:%S%.f", "%H:%M")
    ]
    zoned = joined.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_unit="us").dt.replace_time_zone(None)
    return pl.select(pl.coalesce(dates(texts).cast(pl.Datetime("us")), *local, zoned)).to_series().alias(texts.name)


def in_iso(texts: pl.Series, order: str) -> pl.Series:
    """Dates with the day or the month first in the form of ISO, a time after them left as it is; others as they are.

    Args:
        order: "day first" or "month first", or "" for ISO alone.

    >>> in_iso(pl.Series(["1/2/2024", "31.12.2024 18:30", "2024-02-29"]), "day first").to_list()
    ['2024-02-01', '2024-12-31 18:30', '2024-02-29']
    """
    if not order:
        return texts
    padded = texts.str.replace(r"^(\d)([/.-])", "0${1}${2}").str.replace(r"^(\d\d[/.-])(\d)([/.-])", "${1}0${2}${3}")
    place = "${3}-${2}-${1}" if order == DAY_FIRST else "${3}-${1}-${2}"
    for separator in ("/", r"\.", "-"):
        padded = padded.str.replace(rf"^(\d\d){separator}(\d\d){separator}(\d{{4}})", place)
    return padded


def date_orders(texts: pl.Series) -> list[str]:
    """The orders in which all texts are dates: none, one, or both where no day is above 12; [""] where all are ISO.

    >>> date_orders(pl.Series(["1/2/2024", "31/12/2024"])), date_orders(pl.Series(["1/2/2024"]))
    (['day first'], ['day first', 'month first'])
    """

    def fits(order: str) -> bool:
        # A look at the beginning spares most columns of texts the look at all.
        return all(complete(moments(in_iso(some, order)), some) for some in (texts.head(200), texts))

    return [""] if fits("") else [order for order in ORDERS if fits(order)]


def complete(values: pl.Series, texts: pl.Series) -> bool:
    """Whether every text that is there gave a value."""
    return values.null_count() == texts.null_count()


PARSERS: tuple[Parser, ...] = (integers, floats, truths, dates, moments)


def typed(texts: pl.Series, parsers: Sequence[Parser] = PARSERS) -> pl.Series:
    """A column of a text file in the first type that all its values have; else as texts, without spaces around them.

    >>> typed(pl.Series(["1", " 2", "NA"])).to_list(), typed(pl.Series(["1", "02"])).to_list()
    ([1, 2, None], ['1', '02'])
    """
    for clean in (_without_missing, cleaned):
        texts = clean(texts)
        head = texts.head(200)
        for parse in parsers:
            if complete(parse(head), head) and complete(values := parse(texts), texts):
                return values
    return texts


class TypeFinder:
    """`typed` for a column that comes part by part: first all of it is seen, then any of it can be read.

    >>> finder = TypeFinder()
    >>> for part in (["1", "2"], ["NA", "2.5"]):
    ...     finder.see(pl.Series(part))
    >>> finder.read(pl.Series(["1", "2"])).to_list()
    [1.0, 2.0]
    """

    def __init__(self, parsers: Sequence[Parser] = PARSERS) -> None:
        self.left = [(clean, parse) for clean in (_without_missing, cleaned) for parse in parsers]

    def see(self, texts: pl.Series) -> None:
        """Rules out the types that some of these texts have not."""
        parts = {}
        for clean in dict.fromkeys(clean for clean, _ in self.left):
            whole = clean(texts)
            parts[clean] = whole.head(200), whole
        self.left = [
            (clean, parse) for clean, parse in self.left if all(complete(parse(some), some) for some in parts[clean])
        ]

    def read(self, texts: pl.Series) -> pl.Series:
        """Values of the type that all texts seen have, or the texts."""
        if not self.left:
            return cleaned(texts)
        clean, parse = self.left[0]
        return parse(clean(texts))


def cleaned(texts: pl.Series) -> pl.Series:
    """Texts without spaces around them, null where one stands for a missing value.

    >>> cleaned(pl.Series([" red ", "NA", " ", None])).to_list()
    ['red', None, None, None]
    """
    return _without_missing(texts.str.strip_chars())


def _without_missing(texts: pl.Series) -> pl.Series:
    return texts.set(texts.is_in(MISSING), None)


def _without_codes(texts: pl.Series, values: pl.Series) -> pl.Series:
    if values.null_count() == len(values):
        return values
    codes = texts.str.contains(r"^[+-]?0[0-9]")
    return values.set(codes, None) if codes.any() else values
