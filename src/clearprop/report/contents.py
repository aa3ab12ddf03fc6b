"""What it read, what it is, how to use it: columns, network, settings, and the lines that load the model."""

from __future__ import annotations

from clearprop.drawing import Writing, network
from clearprop.drawing.markup import Markup, element
from clearprop.drawing.network import unit_id
from clearprop.drawing.numerals import number
from clearprop.report.data import Report, Structure
from clearprop.report.tables import code, columns, facts, figure, paragraph, section, table
from clearprop.report.texts import KINDS, Words


def reading(report: Report, words: Words) -> Markup:
    used = [column for column in report.columns if not column.left_out]
    left = [column for column in report.columns if column.left_out]
    heads = [words(key) for key in ("column", "kind", "became", "statistics", "note")]
    rows = [
        (one.name, words.known(KINDS, one.kind), *map(words.told, (one.became, one.statistics, one.note)))
        for one in used
    ]
    left_heads = [words(key) for key in ("column", "reason", "statistics", "note")]
    left_rows = [(one.name, *map(words.told, (one.left_out, one.statistics, one.note))) for one in left]
    return section(
        "read",
        words("read"),
        paragraph(
            words(
                "columns_sentence",
                used=number(len(used)),
                all=number(len(report.columns)),
                rows=number(report.rows.training),
            ),
            "lead",
        ),
        table(words("columns_used"), heads, rows, key="used") if used else None,
        table(words("columns_left"), left_heads, left_rows, key="left") if left else None,
    )


def being(report: Report, words: Words) -> Markup:
    structure = report.structure
    heads = [words(key) for key in ("setting", "value")]
    settings = [(words.told(name), words.told(value)) for name, value in report.settings]
    return section(
        "is",
        words("is"),
        columns(
            figure(words("network"), _picture(structure, words)),
            element("div", element("h3", words("figures")), facts(_facts(structure, words)), class_="narrow"),
        ),
        table(words("settings"), heads, settings, key="settings") if settings else None,
    )


def using(report: Report, words: Words) -> Markup:
    return section(
        "use",
        words("use"),
        code(words("shell"), report.shell, key="shell"),
        code(words("python"), report.python, key="python"),
    )


def _facts(structure: Structure, words: Words) -> list[tuple[str, str]]:
    several = structure.members > 1
    facts = [
        (words("layers"), " – ".join(number(size) for size in structure.sizes)),
        (words("activations"), words.listed(list(structure.activations))),
        (words("loss"), structure.loss),
        (words("parameters_all" if several else "parameters"), number(structure.parameters)),
    ]
    if several:
        facts.insert(0, (words("members"), number(structure.members)))
    if structure.temperature != 1.0:
        facts.append((words("temperature"), number(structure.temperature)))
    return facts


def _picture(structure: Structure, words: Words) -> Markup:
    last = len(structure.sizes) - 1
    names = {unit_id(0, place): name for place, name in enumerate(structure.inputs, start=1)}
    names |= {unit_id(last, place): name for place, name in enumerate(structure.outputs, start=1)}
    sizes = " – ".join(number(size) for size in structure.sizes)
    first = words("from_columns" if structure.columns else "input")
    writing = Writing(names=names, heads=[first, *structure.activations])
    return network(structure.sizes, prefix="network", label=words("network_label", sizes=sizes), writing=writing)
