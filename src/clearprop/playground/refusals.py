"""What the playground does not do, said in both languages; the texts of a refusal stand side by side."""

from __future__ import annotations

from collections.abc import Mapping

from clearprop.errors import ClearpropError, DivergenceError, InputError

REFUSALS: dict[str, tuple[str, str]] = {
    # what was typed
    "number": ('{name}: expected a number, got "{given}"', "{name}：应为一个数，而不是“{given}”"),
    "finite": ("{name}: expected a finite number, got {given!r}", "{name}：应为有限的数，而不是 {given}"),
    "whole": (
        "{name}: expected a whole number from {least:,} to {most:,}, got {given}",
        "{name}：应为 {least:,} 到 {most:,} 的整数，而不是 {given}",
    ),
    "share": (
        "{name}: expected a number from 0 to below 1, got {given}",
        "{name}：应为不小于 0 且小于 1 的数，而不是 {given}",
    ),
    "too large": ("{given} is too large for {dtype}", "{given} 太大，{dtype} 无法表示"),
    "parameter": (
        "{name}: expected the id of one weight or one bias, such as W1[2->1]",
        "{name}：应为一个权重或一个偏置的编号，如 W1[2->1]",
    ),
    # the network
    "layers": (
        "layers: the playground takes 1 to {most}, got {count}",
        "层：这里只接受 1 到 {most} 层，而不是 {count} 层",
    ),
    "parameters": (
        "layers: the playground takes networks of at most {most:,} weights and biases, this one has {count:,}",
        "层：这里的网络最多有 {most:,} 个权重和偏置，这个网络有 {count:,} 个",
    ),
    "step": (
        "batch: an update of {rows:,} rows with {outputs:,} outputs is too large to be taken apart; take a smaller "
        "batch",
        "批：一次更新有 {rows:,} 行、{outputs:,} 个输出，太大，无法逐步展开；请用较小的批",
    ),
    # the data
    "rows of numbers": (
        "{name}: expected rows of numbers, all of the same length",
        "{name}：应为若干行数，各行长度相同",
    ),
    "rows of targets": (
        "numbers: expected as many rows of targets as of inputs, got {inputs} and {targets}",
        "数据：输入有 {inputs} 行，目标有 {targets} 行，行数应相同",
    ),
    "size": (
        "{source}: the playground takes at most {most_rows:,} rows, {most_columns:,} inputs and {most_numbers:,} "
        "numbers, got {rows:,} rows of {columns:,}",
        "{source}：这里最多接受 {most_rows:,} 行、{most_columns:,} 个输入、{most_numbers:,} 个数，"
        "而这里有 {rows:,} 行，每行 {columns:,} 个",
    ),
    "classes": (
        "{source}: the target has {count} classes, too many for the playground",
        "{source}：目标有 {count} 个类别，这里容纳不下",
    ),
    "settings": (
        "{name}: these rows are always the same, they have no settings",
        "{name}：这些行总是相同的，没有可设定的内容",
    ),
    "points": (
        "points: expected at least one, each (across, up, class)",
        "点：至少要有一个，每个由横坐标、纵坐标和类别组成",
    ),
    "classes of points": ("points: expected classes from 0 to {most}", "点：类别只能是 0 到 {most}"),
    "not drawn": (
        "point: these data were not drawn by hand; choose points first",
        "点：这些数据不是手画的；请先选择手画的点",
    ),
    "point": ("point: expected across, up and class", "点：应有横坐标、纵坐标和类别"),
    "most points": (
        "point: there are {most:,} already, the most that the playground takes",
        "点：已经有 {most:,} 个，不能再多了",
    ),
    "no point": ("point: there is no such point", "点：没有这个点"),
    "last point": (
        "point: this is the last one; a network needs something to learn from",
        "点：这是最后一个；网络总要有东西可学",
    ),
    # what is asked of a step, and of the training
    "matrix": (
        "quiz: this step has a whole matrix; ask about a single number, in a smaller network",
        "测验：这一步是整个矩阵；请在较小的网络中就单个数作答",
    ),
    "trace": ("steps: this trace is no longer shown", "步骤：显示的已不是这次更新"),
    "running": ("apply: pause the training first", "更新：请先暂停训练"),
    "diverged": (
        "training diverged at update {update:,}: the loss or a weight is no longer a finite number. "
        "The learning rate was {rate:g}; try a smaller one, such as {smaller:g}",
        "训练在第 {update:,} 次更新时发散：误差或某个权重不再是有限的数。当时的学习率是 {rate:g}；"
        "请换小一些的，例如 {smaller:g}",
    ),
    # the address
    "link": ("link: {why}", "链接：{why}"),
    "link of another": (
        "link: this is no link of this playground, or one of another version",
        "链接：不是这里的链接，或者出自别的版本",
    ),
    "link forgotten": (
        "link: this state was too large for an address, and is no longer kept here: the server was started anew, or "
        "others came after it; open the data again",
        "链接：这一状态太大，地址放不下，而这里已不再保存它：服务器重新启动过，或者有后来的状态替换了它；"
        "请重新打开数据",
    ),
    "link damaged": (
        "link: it is damaged or cut off; copy the whole address",
        "链接：已损坏或不完整；请复制整个地址",
    ),
    "link too large": (
        "link: it is cut off, or larger than the playground takes",
        "链接：不完整，或者内容太大，这里容纳不下",
    ),
    "link numbers": (
        "link: a number of {name} is not finite; copy the whole address",
        "链接：{name}中有一个数不是有限的；请复制整个地址",
    ),
    "link unlike": (
        "link: its network and its data do not fit each other",
        "链接：其中的网络与数据互不相配",
    ),
    "link start": ("link: it starts in a way that is not known here", "链接：其中的起始方式这里不认识"),
    "link weights": (
        "link: its weights do not fit its network, or are not finite",
        "链接：其中的权重与网络不相配，或者不是有限的数",
    ),
    "link no array": ("{name}: expected the description of an array", "{name}：应为一组数的说明"),
    "link array": ("{name}: its numbers do not fit its shape", "{name}：其中的数与形状不符"),
    "link table": (
        "table: its rows, targets and names of columns do not fit each other",
        "表格：其中的行、目标和列名互不相配",
    ),
    "link class": ("table: a row is of none of the classes", "表格：有一行不属于任何类别"),
    # page and server
    "version": (
        "page and server differ in version ({page} and {server}): reload the page",
        "网页与服务器的版本不同（{page} 与 {server}）：请重新载入本页",
    ),
    "memory": ("there is not enough memory for this", "内存不足"),
    "busy": ("too much at once: wait for the answers", "请求太多：请等待回应"),
    "defect": ("a defect of clearprop ({what})", "clearprop 的缺陷（{what}）"),
}

NAMES: dict[str, str] = {
    "learning_rate": "学习率",
    "rate": "学习率",
    "every": "间隔的更新次数",
    "factor": "倍数",
    "steps": "更新次数",
    "final": "终值",
    "cycles": "波数",
    "warmup": "升温比例",
    "start": "起始比例",
    "momentum": "动量",
    "beta1": "β₁",
    "beta2": "β₂",
    "epsilon": "ε",
    "decay": "衰减",
    "weight_decay": "权重衰减",
    "l1": "l1 惩罚",
    "l2": "l2 惩罚",
    "dropout": "丢弃率",
    "weight_rate": "权重的学习率倍数",
    "bias_rate": "偏置的学习率倍数",
    "units of layer": "第 {} 层的单元数",
    "rows": "行数",
    "noise": "噪声",
    "held_out": "留出比例",
    "seed": "种子",
    "batch": "每批的行数",
    "sample": "样本",
    "speed": "速度",
    "digits": "小数位数",
    "points": "点",
    "x": "输入",
    "y": "目标",
    "updates": "更新次数",
    "table": "表格",
    "xor": "异或（XOR）",
}
"""What the fields that numbers are typed into are called in Chinese; a number behind a name goes into it."""


class Refusal(InputError):
    """What was asked cannot be done; `texts` say so by language, and the message is the English one.

    >>> error = Refusal("number", name="seed", given="many")
    >>> str(error), error.texts["zh"]
    ('seed: expected a number, got "many"', '种子：应为一个数，而不是“many”')
    """

    def __init__(self, key: str, **fields: object) -> None:
        self.texts = _texts(key, fields)
        super().__init__(self.texts["en"])


class LinkRefusal(Refusal):
    """One whose texts say by themselves that it is about a link."""


class Diverged(DivergenceError):
    """A number is no longer finite; `texts` say so by language, `result` is the play before that update."""

    def __init__(self, result: object, *, update: int, rate: float) -> None:
        self.texts = _texts("diverged", {"update": update, "rate": rate, "smaller": rate / 10})
        super().__init__(self.texts["en"], result)


def error_message(error: ClearpropError, language: str) -> dict[str, str]:
    """The `error` message: in a language where the error is of this room, in English where it comes from a deeper one.

    >>> error_message(Refusal("no point"), "zh")
    {'type': 'error', 'message': '点：没有这个点', 'language': 'zh'}
    >>> error_message(InputError("line 3: too short"), "zh")
    {'type': 'error', 'message': 'line 3: too short', 'language': 'en'}
    """
    texts: Mapping[str, str] = getattr(error, "texts", {})
    said = language if language in texts else "en"
    return {"type": "error", "message": texts.get(said, str(error)), "language": said}


def _texts(key: str, fields: Mapping[str, object]) -> dict[str, str]:
    pairs = zip(("en", "zh"), REFUSALS[key], strict=True)
    return {
        language: text.format(**{name: _field(name, value, language) for name, value in fields.items()})
        for language, text in pairs
    }


def _field(name: str, value: object, language: str) -> object:
    if isinstance(value, Refusal):
        return value.texts[language]
    if name not in ("name", "source") or language == "en":
        return value
    head, _, number = str(value).rpartition(" ")
    return NAMES[head].format(number) if head in NAMES else NAMES.get(str(value), value)
