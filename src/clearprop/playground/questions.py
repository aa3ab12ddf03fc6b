"""What a step answers, as a question in plain words."""

from __future__ import annotations

from clearprop.explain.explanation import Explanation
from clearprop.explain.pictures import lettering
from clearprop.explain.ref import PARAMETERS, Ref

# {name} is the quantity, {a} and {z} the output and the net input it is about, {w} the parameter, {k} an output.
QUESTIONS: dict[str, dict[str, str]] = {
    "en": {
        "given": "What is given?",
        "z": "What is the net input {name}?",
        "a": "What is the output {name}?",
        "mask": "Which outputs are dropped?",
        "share": "How wrong is output {k}?",
        "shares": "How wrong is each output?",
        "E": "How wrong is it all together?",
        "R": "What do large weights cost?",
        "J": "What is the step to make smaller?",
        "dE/da": "How much does {a} change the error?",
        "dE[k]/da": "How much does {a} change the error of output {k}?",
        "da/dz": "How much does {z} change {a}?",
        "delta": "How much does {z} change the error?",
        "dE/d": "How much does {w} change the error?",
        "dR/d": "How much does {w} change the penalty?",
        "dJ/d": "How much does {w} change error and penalty together?",
        "slot": "What is remembered for {w}?",
        "new": "What is {w} after the update?",
        "other": "What is {name}?",
    },
    "zh": {
        "given": "已知什么？",
        "z": "净输入 {name} 是多少？",
        "a": "输出 {name} 是多少？",
        "mask": "哪些输出被丢弃？",
        "share": "输出 {k} 错多少？",
        "shares": "各个输出错多少？",
        "E": "总误差是多少？",
        "R": "大的权重要付多少代价？",
        "J": "这一步要减小的是什么？",
        "dE/da": "{a} 对误差影响多大？",
        "dE[k]/da": "{a} 对输出 {k} 的误差影响多大？",
        "da/dz": "{z} 对 {a} 影响多大？",
        "delta": "{z} 对误差影响多大？",
        "dE/d": "{w} 对误差影响多大？",
        "dR/d": "{w} 对惩罚项影响多大？",
        "dJ/d": "{w} 对误差与惩罚之和影响多大？",
        "slot": "为 {w} 记住什么？",
        "new": "更新之后 {w} 是多少？",
        "other": "{name} 是多少？",
    },
}


def question(explanation: Explanation, ref: Ref | None) -> str:
    """The question that a quantity answers; None is what was given."""
    texts = QUESTIONS[explanation.language]
    if ref is None:
        return texts["given"]
    names = {"name": lettering.name(explanation, ref), "k": ref.output or (ref.place[-1] if ref.place else "")}
    of = ref.parameter
    if of in PARAMETERS:
        names["w"] = lettering.name(explanation, Ref(of, ref.layer, ref.place))
    elif ref.kind in ("dE/da", "dE[k]/da", "da/dz", "delta"):
        place = (*ref.place[:1], *ref.place[-1:]) if ref.place else ()
        names |= {letter: lettering.name(explanation, Ref(letter, ref.layer, place)) for letter in ("a", "z")}
    return texts[_key(ref)].format(**names)


def _key(ref: Ref) -> str:
    if ref.slot:
        return "slot"
    if ref.parameter in PARAMETERS:
        if ref.kind.endswith("'"):
            return "new"
        before = ref.kind.partition("/d")[0]
        return f"{before}/d" if before in ("dE", "dR", "dJ") else "other"
    if ref.kind == "share" and not ref.place:
        return "shares"
    kind = {"s": "z", "f": "a"}.get(ref.kind, ref.kind)
    return kind if kind in QUESTIONS["en"] else "other"
