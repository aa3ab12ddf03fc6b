"""What each worked example shows, in English and 简体中文, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A public text: its title and, where it is known, its address."""

    title: str
    url: str | None = None


@dataclass(frozen=True)
class Example:
    """A worked example.

    Attributes:
        name: its name, which has a hyphen in it.
        source: where it comes from.
        summary: what it is, by language.
        shows: what there is to see in it, by language.
    """

    name: str
    source: Source
    summary: dict[str, str]
    shows: dict[str, str]


def _entry(name: str, source: Source, summary: tuple[str, str], shows: tuple[str, str]) -> Example:
    return Example(name, source, *(dict(zip(("en", "zh"), texts, strict=True)) for texts in (summary, shows)))


CHAIN_RULE = Source(
    "深度学习的数学基础-链式求导和反向传播BP算法 (after 一文弄懂神经网络中的反向传播法)",
    "https://www.cnblogs.com/charlotte77/p/5629865.html",
)
THRESHOLDS = Source("机器学习笔记之前馈神经网络(四)反向传播算法[数学推导过程]")
COLUMNS = Source("BP算法实例及代码实现")
UFLDL = Source(
    "反向传播算法概述 (after the UFLDL Tutorial)",
    "http://deeplearning.stanford.edu/wiki/index.php/%E5%8F%8D%E5%90%91%E4%BC%A0%E5%AF%BC%E7%AE%97%E6%B3%95",
)
MATRICES = Source(
    "Sunil Ray: Understanding and coding Neural Networks From Scratch in Python and R",
    "https://www.analyticsvidhya.com/blog/2017/05/neural-network-from-scratch-in-python-and-r/",
)

CATALOGUE = (
    _entry(
        "cnblogs-2-2-2",
        CHAIN_RULE,
        ("one step by the chain rule, every number of it", "用链式法则完整计算一步，每个数都列出"),
        (
            "The published figures, most of them right; those after the first update come from hidden deltas "
            "that were computed with output weights already updated.",
            "发表的数值大多正确；第一次更新之后的几个数出自先更新输出层权重、再计算隐含层误差的做法。",
        ),
    ),
    _entry(
        "cnblogs-program",
        CHAIN_RULE,
        ("the program of that step, its second target mistyped", "同一例子的程序，第二个目标值有笔误"),
        (
            "With the target 0.09 for 0.99 the program cannot print the errors that the text gives.",
            "目标值 0.99 被写成 0.09，程序不可能得到正文给出的误差。",
        ),
    ),
    _entry(
        "xor-2-5-1",
        CHAIN_RULE,
        ("XOR learnt from one random sample at a time", "每次随机取一个样本学习异或"),
        (
            "Five hidden units with one frozen bias a layer; after 10,000 updates all four answers are right.",
            "五个隐含单元，每层一个不训练的偏置；更新 10000 次后四个答案都正确。",
        ),
    ),
    _entry(
        "auto-encoder-8-3-8",
        CHAIN_RULE,
        ("a network whose target is its input", "目标等于输入的网络（自编码器）"),
        (
            "Eight patterns pass through three units, which come to hold a code of three digits.",
            "八个模式要通过三个单元，这三个单元逐渐学成三位的编码。",
        ),
    ),
    _entry(
        "logistic-regression",
        CHAIN_RULE,
        ("a network without a hidden layer", "没有隐含层的网络（逻辑回归）"),
        (
            "The whole of backpropagation is one factor here: the gradient of the net input is output minus target.",
            "这里的反向传播只剩一个因子：对净输入的梯度就是输出减目标。",
        ),
    ),
    _entry(
        "and-perceptron",
        THRESHOLDS,
        ("AND learnt by the perceptron rule", "用感知机规则学习逻辑与"),
        (
            "From zero weights and a rate of 1, five updates from all samples at once end in a line that divides them.",
            "权重从零开始、学习率为 1，每次用全部样本，更新五次就得到把样本分开的直线。",
        ),
    ),
    _entry(
        "xor-threshold-units",
        THRESHOLDS,
        ("XOR by three threshold units", "用三个阈值单元实现异或"),
        (
            "One unit says or, one says and, and the third says the first and not the second.",
            "一个单元算“或”，一个算“与”，第三个算“前者成立而后者不成立”。",
        ),
    ),
    _entry(
        "d-q-l",
        THRESHOLDS,
        ("thresholds that are subtracted, d inputs, q hidden units, l outputs", "减去阈值的 d-q-l 网络"),
        (
            "A threshold is a bias with the other sign, and so is its gradient; (d + l + 1)q + l numbers are learnt.",
            "阈值就是符号相反的偏置，梯度也是如此；要学习的参数共 (d + l + 1)q + l 个。",
        ),
    ),
    _entry(
        "csdn-2-2-1",
        COLUMNS,
        ("one step without biases, samples as columns", "无偏置的一步，样本为列"),
        (
            "The forward pass is right to its digits; two gradients stand in each other's place, "
            "and the output weights were updated with a tenth of the rate.",
            "前向计算各位数字都正确；有两个梯度互换了位置，输出层权重用了十分之一的学习率更新。",
        ),
    ),
    _entry(
        "csdn-program",
        COLUMNS,
        ("the program of that step and what it printed", "同一例子的程序和它的输出"),
        (
            "The printed loss is a root and not a square, and both rows of the first matrix get the same update.",
            "打印的损失取了平方根而不是平方，第一个矩阵的两行得到了相同的更新。",
        ),
    ),
    _entry(
        "ufldl-three-layers",
        UFLDL,
        ("the notation of UFLDL, with weight decay", "UFLDL 的记号，带权重衰减"),
        (
            "The cost is a mean over samples and a penalty on the weights, not on the biases.",
            "代价是样本上的平均，加上只对权重而不对偏置的惩罚项。",
        ),
    ),
    _entry(
        "matrices-4-3-1",
        MATRICES,
        ("twelve steps in matrices, three samples at once", "用矩阵分十二步，三个样本同时计算"),
        (
            "Samples are rows; the error is target minus output, so deltas have the other sign and are added.",
            "样本为行；误差取目标减输出，因此增量符号相反，更新时用加法。",
        ),
    ),
    _entry(
        "perceptron-by-threshold",
        MATRICES,
        ("three inputs, added and compared with a threshold", "三个输入相加，与阈值比较"),
        ("All inputs count the same.", "所有输入同等重要。"),
    ),
    _entry(
        "perceptron-by-weights",
        MATRICES,
        ("three inputs, each with a weight of its own", "三个输入各有权重"),
        ("A larger weight makes an input more important.", "权重越大，输入越重要。"),
    ),
    _entry(
        "perceptron-by-bias",
        MATRICES,
        ("three weighted inputs and a bias", "三个加权输入和一个偏置"),
        (
            "A bias moves the line that divides yes from no; here it turns the answer, and the rule mends it.",
            "偏置移动分界线；在这里它改变了答案，感知机规则随之纠正一步。",
        ),
    ),
    _entry(
        "full-batch",
        MATRICES,
        ("ten samples, two weights: one update from all", "十个样本、两个权重：用全部样本更新一次"),
        (
            "Full-batch gradient descent: the changes of all samples are put into one.",
            "全量梯度下降：把全部样本的改变量合成一次更新。",
        ),
    ),
    _entry(
        "one-by-one",
        MATRICES,
        ("the same ten samples: one update each", "同样的十个样本：每个样本更新一次"),
        (
            "Stochastic gradient descent: each sample meets the weights that the one before has left.",
            "随机梯度下降：每个样本都用前一个样本更新之后的权重。",
        ),
    ),
)
