"""Every word of the report that is not the user's own, in English and 简体中文, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clearprop.errors import unknown
from clearprop.report.told import in_chinese

LANGUAGES: Mapping[str, str] = {"en": "en", "zh": "zh-Hans"}

Pair = tuple[str, str]

PAGE: Mapping[str, Pair] = {
    "report": ("training report", "训练报告"),
    "contents": ("On this page", "本页内容"),
    "theme": ("Dark or light", "深色或浅色"),
    "made_by": ("Written by clearprop.", "由 clearprop 生成。"),
    # the rail
    "table": ("Table", "数据表"),
    "source": ("file", "文件"),
    "target": ("target", "目标列"),
    "task": ("task", "任务"),
    "classes": ("classes", "分类"),
    "numbers": ("numbers", "回归"),
    "rows": ("Rows", "行数"),
    "total": ("in the table", "表中共有"),
    "training": ("training", "训练"),
    "left_out": ("left out", "未学"),
    "held_out": ("held out", "留出"),
    "dropped": ("unusable", "无法使用"),
    "run": ("Run", "运行"),
    "when": ("when", "时间"),
    "took": ("took", "用时"),
    "learnt": ("learnt", "学习"),
    "learnt_rows": ("{rows} rows in {time}", "{rows} 行，{time}"),
    "speed": ("speed", "速度"),
    "rows_per_second": ("{rate} rows/s", "{rate} 行/秒"),
    "versions": ("Versions", "版本"),
    # how good is it
    "good": ("How good is it?", "效果如何？"),
    "no_metrics": ("Nothing was measured on held-out rows.", "没有在留出的行上做任何测量。"),
    "sentence": (
        "On {rows} held-out rows, unseen in training, {metric} is {value}; {baseline} gets {base}.",
        "在未参与训练的 {rows} 个留出行上，{metric}为 {value}；若{baseline}，则为 {base}。",
    ),
    "sentence_alone": (
        "On {rows} held-out rows, unseen in training, {metric} is {value}.",
        "在未参与训练的 {rows} 个留出行上，{metric}为 {value}。",
    ),
    "fewer_mistakes": ("That is {gain} fewer mistakes.", "错误减少了 {gain}。"),
    "smaller_error": ("That makes the error {gain} smaller.", "误差减小了 {gain}。"),
    "explained": (
        "That explains {gain} of what this answer leaves open.",
        "它解释了这一答案所未能解释部分的 {gain}。",
    ),
    "gap_closed": ("That is {gain} of the way to perfect.", "从基线到完美的差距已缩小 {gain}。"),
    "no_better": (
        "The model is no better than this trivial answer: it has learnt nothing that it can use.",
        "模型并不比这个简单的答案更好：它没有学到可用的规律。",
    ),
    "not_a_number": (
        "A value that is not finite could not be compared.",
        "存在非有限的数值，无法比较。",
    ),
    "interval": (
        "So few rows leave some doubt: on other rows like these, expect {low} to {high} (95% interval).",
        "样本有限，结果有不确定性：对同类的其他行，预计在 {low} 到 {high} 之间（95% 置信区间）。",
    ),
    "model": ("model", "模型"),
    "baseline": ("baseline", "基线"),
    "metrics_label": ("Measures on held-out rows", "留出行上的各项指标"),
    "measure": ("measure", "指标"),
    "left_out_rows": ("left-out rows", "未学的行"),
    "left_out_note": (
        "On left-out rows each training row is answered only by members that had not learnt from it.",
        "“未学的行”一栏中，每个训练行只由没有学过它的成员来回答。",
    ),
    "meaning": ("what it says", "含义"),
    "higher": ("Higher is better.", "越高越好。"),
    "lower": ("Lower is better.", "越低越好。"),
    "compared": (
        "{metric}: model {value}, baseline {base}",
        "{metric}：模型 {value}，基线 {base}",
    ),
    # what does it get wrong
    "wrong": ("What does it get wrong?", "哪里会出错？"),
    "wrong_count": (
        "Of {rows} held-out rows, {wrong} got the wrong class ({part}).",
        "在 {rows} 个留出行中，有 {wrong} 行被判错（{part}）。",
    ),
    "wrong_none": (
        "All of the {rows} held-out rows got the right class.",
        "全部 {rows} 个留出行都判断正确。",
    ),
    "no_rows": ("There were no held-out rows to judge by.", "没有可供评判的留出行。"),
    "confusion": ("Confusion matrix", "混淆矩阵"),
    "confusion_note": (
        "Each row is a true class, shaded by its share: blue is right, orange is wrong.",
        "每一行是一个真实类别，颜色深浅表示占该行的比例：蓝色为正确，橙色为错误。",
    ),
    "too_many": (
        "With {classes} classes a matrix cannot be read; these are the most frequent mistakes.",
        "共有 {classes} 个类别，矩阵难以辨读；以下是最常见的错误。",
    ),
    "true": ("true", "真实"),
    "predicted": ("predicted", "预测"),
    "mistakes": ("Most frequent mistakes", "最常见的错误"),
    "true_class": ("class", "真实类别"),
    "taken_for": ("taken for", "误判为"),
    "recall_bars": ("Found, of each class", "各类别的召回率"),
    "recall_worst": ("Found, of the {shown} hardest classes", "召回率最低的 {shown} 个类别"),
    "by_class": ("Class by class", "逐类结果"),
    "class": ("class", "类别"),
    "count": ("rows", "行数"),
    "precision": ("precision", "精确率"),
    "recall": ("recall", "召回率"),
    "f1": ("F1", "F1 值"),
    "scatter": ("Predicted against true", "预测值与真实值"),
    "scatter_note": (
        "On the dashed line, the prediction is right.",
        "虚线上的点表示预测完全正确。",
    ),
    "thinned": ("{shown} of {all} rows are drawn.", "图中画出 {all} 行中的 {shown} 行。"),
    "true_value": ("true value", "真实值"),
    "predicted_value": ("predicted value", "预测值"),
    "residuals": ("How the errors are spread", "误差的分布"),
    "residuals_note": (
        "Right of the line the prediction was too high, left of it too low.",
        "竖线右侧为预测偏高，左侧为预测偏低。",
    ),
    "error_axis": ("predicted − true", "预测值 − 真实值"),
    "rows_axis": ("rows", "行数"),
    "within": (
        "Half of the predictions are within {half} of the true value, nine in ten within {most}; "
        "the worst is off by {worst}.",
        "一半的预测与真实值相差不超过 {half}，九成不超过 {most}；最大相差 {worst}。",
    ),
    # how did it learn
    "learn": ("How did it learn?", "它是怎样学会的？"),
    "no_history": ("No epoch was completed.", "没有完成任何一轮训练。"),
    "loss": ("loss", "损失"),
    "loss_title": ("Loss after each epoch", "每轮之后的损失"),
    "metric_title": ("{metric} after each epoch", "每轮之后的{metric}"),
    "epoch": ("epoch", "轮"),
    "curves_note": ("Each member is a faint line; the strong one is their mean.", "细线是各个成员，粗线是它们的平均。"),
    "kept_sentence": (
        "Each of the {members} members leaves out another part of the rows, and keeps its weights from the epoch that "
        "did best on them: epochs {first} to {last} of {epochs}.",
        "{members} 个成员各自留出不同的一部分行不学，并保留在这些行上表现最好的一轮的权重："
        "第 {first} 至 {last} 轮（共 {epochs} 轮）。",
    ),
    "kept_alike": (
        "Each of the {members} members leaves out another part of the rows, and keeps its weights from the epoch that "
        "did best on them: in all of them epoch {first} of {epochs}.",
        "{members} 个成员各自留出不同的一部分行不学，并保留在这些行上表现最好的一轮的权重："
        "都是第 {first} 轮（共 {epochs} 轮）。",
    ),
    "kept_one": (
        "The model keeps its weights from epoch {epoch} of {epochs}, which did best on the rows it had left out.",
        "模型保留第 {epoch} 轮（共 {epochs} 轮）的权重，这一轮在未学的行上表现最好。",
    ),
    "kept_last": ("The weights are those of the last of {epochs} epochs.", "权重取自最后一轮，共 {epochs} 轮。"),
    "learnt_sentence": (
        "A row counts as often as a member learnt from it: {rows} in all.",
        "每个成员每学一次某一行就计一次，合计 {rows} 行。",
    ),
    "epochs_sentence": ("Training ran to epoch {epochs}.", "共训练 {epochs} 轮。"),
    "curves_label": ("{title}: {series}.", "{title}：{series}。"),
    "curve_label": ("{name} from {first} to {last}", "{name}从 {first} 到 {last}"),
    # what did it read
    "read": ("What did it read?", "它读到了什么？"),
    "columns_sentence": (
        "{used} of {all} columns were used; values are those of the {rows} training rows.",
        "共 {all} 列，使用了 {used} 列；取值为 {rows} 个训练行中的情况。",
    ),
    "columns_used": ("Columns used", "使用的列"),
    "columns_left": ("Columns left out", "略去的列"),
    "column": ("column", "列"),
    "kind": ("kind", "类型"),
    "became": ("became", "转换为"),
    "statistics": ("values", "取值"),
    "note": ("note", "说明"),
    "reason": ("why", "原因"),
    # what is it
    "is": ("What is it?", "它是什么？"),
    "network": ("Network", "网络"),
    "network_label": ("A network with layers of {sizes} units.", "各层单元数为 {sizes} 的网络。"),
    "figures": ("In figures", "概况"),
    "layers": ("layers", "层"),
    "activations": ("activations", "激活函数"),
    "members": ("members", "成员"),
    "temperature": ("temperature", "温度"),
    "parameters_all": ("parameters of all members", "全部成员的参数数量"),
    "parameters": ("parameters", "参数数量"),
    "input": ("input", "输入"),
    "from_columns": ("from the columns", "由各列得出"),
    "settings": ("Settings", "设置"),
    "setting": ("setting", "设置项"),
    "value": ("value", "值"),
    # how do I use it
    "use": ("How do I use it?", "如何使用？"),
    "shell": ("On the command line", "在命令行中"),
    "python": ("In Python", "在 Python 中"),
}

# A name and what the number says.
METRICS: Mapping[str, tuple[Pair, Pair]] = {
    "accuracy": (
        ("accuracy", "准确率"),
        ("The share of rows that got the right class.", "判断正确的行所占的比例。"),
    ),
    "balanced_accuracy": (
        ("balanced accuracy", "平衡准确率"),
        (
            "The mean of each class's recall: a rare class counts as much.",
            "各类召回率的平均，稀少类别同等重要。",
        ),
    ),
    "roc_auc": (
        ("ROC AUC", "ROC 曲线下面积"),
        ("How often a row of the class ranks above one that is not.", "正例得分高于负例的概率。"),
    ),
    "log_loss": (
        ("log loss", "对数损失"),
        ("How surprised the probabilities are by the truth.", "预测概率与真实类别的偏离程度。"),
    ),
    "rmse": (
        ("root mean squared error", "均方根误差"),
        (
            "The typical error, in the target's unit; large ones weigh more.",
            "典型误差，与目标同单位，大误差权重更大。",
        ),
    ),
    "mae": (
        ("mean absolute error", "平均绝对误差"),
        ("The mean distance from the truth, in the target's unit.", "与真实值的平均距离，与目标同单位。"),
    ),
    "r2": (
        ("R²", "R²（决定系数）"),
        ("The share of the target's variance that is explained.", "目标方差中被解释的比例。"),
    ),
}

BASELINES: Mapping[str, Pair] = {
    "most_frequent": ("always naming the most common class", "总是回答最常见的类别"),
    "mean": ("always answering the mean", "总是回答平均值"),
}

# Why training ended, by the names that `train` gives to that.
STOPPED: Mapping[str, Pair] = {
    "early stopping": (
        "It stopped because the loss on left-out rows had not improved for a while.",
        "由于未学的行上的损失一段时间没有改善，训练提前停止。",
    ),
    "epochs done": ("It ran through all of its epochs.", "完成了全部轮数。"),
    "all right": ("It stopped because every row was right.", "所有行都正确，训练停止。"),
    "stopped": ("It was stopped before its time.", "训练被提前停止。"),
    "interrupted": ("It was interrupted.", "训练被中断。"),
}

KINDS: Mapping[str, Pair] = {
    "number": ("number", "数值"),
    "category": ("category", "类别"),
    "boolean": ("true/false", "真/假"),
    "date": ("date", "日期"),
}


@dataclass(frozen=True)
class Words:
    """The words of one language.

    >>> Words("en")("wrong_none", rows="114")
    'All of the 114 held-out rows got the right class.'

    Raises `InputError` for a language that is not there.
    """

    language: str

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise unknown("language", self.language, LANGUAGES)

    def __call__(self, key: str, **fields: str) -> str:
        """One text of the page, its fields filled in."""
        return self.choose(PAGE[key]).format(**fields)

    def choose(self, pair: Pair) -> str:
        return pair[0] if self.language == "en" else pair[1]

    def known(self, group: Mapping[str, Pair], key: str) -> str:
        """The words for a key of a group; what is no key is the user's own words, and stays."""
        return self.choose(group[key]) if key in group else key

    def joined(self, sentences: list[str]) -> str:
        return (" " if self.language == "en" else "").join(sentences)

    def told(self, words: str) -> str:
        """What another room said in English, in this language."""
        return words if self.language == "en" else in_chinese(words)

    def metric(self, name: str) -> str:
        return self.choose(METRICS[name][0]) if name in METRICS else name

    def explanation(self, name: str, own: str) -> str:
        return self.choose(METRICS[name][1]) if name in METRICS and not own else own

    def listed(self, items: list[str]) -> str:
        return (", " if self.language == "en" else "，").join(items)
