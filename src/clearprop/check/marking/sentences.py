"""What a slip is called in a sentence that a student understands, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from clearprop.check.marking.naming import Named
from clearprop.explain.notation import Notation
from clearprop.explain.ref import Ref
from clearprop.explain.trace import Trace

MOST_NAMES = 4

# Keys are ids of slips, or ids with the form of the slip; {what} are the wrong quantities that it
# changes, or, where none of these was claimed, all that it changes.
SENTENCES: dict[str, tuple[str, str]] = {
    "updated-early": (
        "{weights} were updated before the deltas below them were computed: hand the error back through the old "
        "{weights}, and update all weights together at the end.",
        "在计算前一层的 delta 之前就更新了 {weights}：误差应当用旧的 {weights} 传回去，所有权重最后一起更新。",
    ),
    "transposed": (
        "{what} is transposed: what belongs to the weight from i to j stands where that from j to i belongs.",
        "矩阵 {what} 被转置了：从 i 到 j 的权重与从 j 到 i 的权重对应的数互换了位置。",
    ),
    "transposed/forward": (
        "The weights were used transposed in {what}: mind which index is the unit that a weight comes from.",
        "计算 {what} 时用了转置的权重矩阵：注意哪个下标表示权重的起点。",
    ),
    "transposed/back": (
        "The weights were not transposed on the way back, in {what}: forward it is a·W, backward delta·Wᵀ.",
        "反向计算 {what} 时权重矩阵没有转置：正向是 a·W，反向是 delta·Wᵀ。",
    ),
    "derivative-missing": (
        "The derivative of the activation is missing in {what}: delta = ∂E/∂a · f′(z).",
        "{what} 中漏乘了激活函数的导数：delta = ∂E/∂a · f′(z)。",
    ),
    "derivative-of-activation": (
        "The derivative {what} was taken at the activation a: it is f′(z), at the net input z.",
        "求导数 {what} 时代入了激活值 a：应当是在净输入 z 处的 f′(z)。",
    ),
    "net-input-for-activation": (
        "The net input z stands in {what} where the activation a = f(z) belongs.",
        "{what} 中该用激活值 a = f(z) 的地方用了净输入 z。",
    ),
    "half-missing": ("The factor ½ is missing in {what}.", "{what} 中漏了因子 ½。"),
    "half-missing/derivative": (
        "{what} is twice as large as it should be: the ½ of the loss cancels the 2 of the square's derivative.",
        "{what} 大了一倍：损失中的 ½ 与平方求导得到的 2 应当抵消。",
    ),
    "square-missing": ("The difference was not squared in {what}.", "{what} 中的差没有平方。"),
    "root-for-square": ("A root was taken in {what} where a square belongs.", "{what} 中该平方的地方开了方。"),
    "sign": ("The sign of {what} is the other way round.", "{what} 的符号反了。"),
    "sign/update": (
        "The gradient was added in {what}: it is subtracted, w − η·∂E/∂w.",
        "计算 {what} 时加上了梯度：应当减去，w − η·∂E/∂w。",
    ),
    "sign/bias": ("The bias was subtracted in {what}: it is added.", "{what} 中减去了偏置：应当加上。"),
    "sign/term": ("One term of {what} has the wrong sign.", "{what} 中有一项的符号错了。"),
    "learning-rate": (
        "The learning rate {rate} was used in {what}; the sheet says {eta}.",
        "{what} 是用学习率 {rate} 算的；题目给的是 {eta}。",
    ),
    "learning-rate-twice": (
        "The learning rate was applied twice: in {what} and again in the update.",
        "学习率乘了两次：{what} 中一次，更新时又一次。",
    ),
    "learning-rate-twice/update": (
        "The learning rate was applied twice in {what}.",
        "{what} 中学习率乘了两次。",
    ),
    "sum-cut-short": ("A term of the sum was left out in {what}.", "{what} 的求和漏了一项。"),
    "sum-cut-short/handed back": (
        "Not every output's share was added up in {what}: a hidden unit gets an error back from each unit above it.",
        "{what} 没有把每个输出的误差都加上：隐含单元从后一层的每个单元都得到误差。",
    ),
    "sum-cut-short/loss": ("The error of an output was left out in {what}.", "{what} 漏了一个输出的误差。"),
    "bias-missing": ("The bias was left out in {what}.", "{what} 漏加了偏置。"),
    "bias-missing/update": ("The biases were not updated: {what}.", "偏置没有更新：{what}。"),
    "bias-trained": (
        "The biases were updated too; in this sheet they are frozen (train_bias = false).",
        "偏置也被更新了；本题中偏置是固定的（train_bias = false）。",
    ),
    "mean-for-sum": (
        "A mean was taken in {what} where the sum is asked, or a sum where the mean is.",
        "{what} 中该求和的地方取了平均，或者该取平均的地方求了和。",
    ),
    "decimal-slipped": (
        "The pen slipped: the point stands in the wrong place, or a digit was left out or written twice.",
        "笔误：小数点错位，或者漏写、多写了一个数字。",
    ),
    "row-broadcast": (
        "The same row was added to every row of the matrix in {what}, as arrays of unfitting shapes are broadcast: "
        "each weight has a gradient of its own.",
        "计算 {what} 时同一行被加到了矩阵的每一行上（形状不符的数组被广播）：每个权重都有自己的梯度。",
    ),
}


def sentence(named: Named, step: Trace, notation: Notation, language: str) -> str:
    """The sentence of a slip, its quantities named as the sheet names them."""
    english, chinese = SENTENCES["decimal-slipped"]
    if named.slip is not None:
        how = f"{named.id}/{named.slip.how}"
        english, chinese = SENTENCES[how if how in SENTENCES else named.id]
    template = chinese if language == "zh" else english
    changed = named.slip.changed if named.slip is not None else ()
    wrong: dict[Ref, list[Ref]] = {}
    for figure in named.figures:
        wrong.setdefault(figure.ref.whole, []).append(figure.ref)
    seen = [ref for ref in changed if ref in wrong] or changed
    # Where one number of a quantity is wrong, that is named; where several are, the whole.
    seen = [wrong[ref][0] if len(wrong.get(ref, ())) == 1 else ref for ref in seen]
    weights = sorted({Ref("W", ref.layer + 1) for ref in changed}, key=lambda ref: ref.layer)
    joint = "、" if language == "zh" else ", "
    return template.format(
        what=joint.join(_names(seen, step, notation)),
        weights=joint.join(_range(ref, step, notation) for ref in weights if ref in step.given),
        rate=named.slip.rate if named.slip is not None else None,
        eta=f"{float(step.value(Ref('eta'))):g}" if Ref("eta") in step.given else "",
    )


def _names(refs: Sequence[Ref], step: Trace, notation: Notation) -> list[str]:
    """The names of quantities, or of single numbers of them, each once and no more than a few."""
    names = list(dict.fromkeys(_range(ref, step, notation) for ref in refs if ref.kind not in ("s", "dE[k]/da")))
    return names if len(names) <= MOST_NAMES else [*names[: MOST_NAMES - 1], "…"]


def _range(ref: Ref, step: Trace, notation: Notation) -> str:
    """The name of a number, of the first and the last of a quantity, or, of the loss, of the whole."""
    if ref.kind == "share" or ref not in step or ref != ref.whole:
        return notation.name(Ref("E") if ref.kind == "share" else ref, step.shapes).text
    first, *_, last = [*step.elements(ref)] * 2
    names = [notation.name(one, step.shapes).text for one in (first, last)]
    return names[0] if names[0] == names[1] else "…".join(names)
