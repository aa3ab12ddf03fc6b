"""What is said of column layers, in English and Chinese."""

from __future__ import annotations

HEADINGS = {
    "en": {
        "forward.column": "Forward, column layer {c}: {kind}",
        "forward.columns": "Forward: what layer 1 takes in",
        "backward.columns": "Backward: the error at what layer 1 takes in",
        "backward.column": "Backward, column layer {c}: {kind}",
        "gradients.columns": "Gradients of the scale",
        "gradients.column": "Gradients of column layer {c}: {kind}",
        "update.columns": "Update of the scale",
        "update.column": "Update of column layer {c}: {kind}",
    },
    "zh": {
        "forward.column": "前向，列层 {c}：{kind}",
        "forward.columns": "前向：第 1 层的输入",
        "backward.columns": "反向：第 1 层输入处的误差",
        "backward.column": "反向，列层 {c}：{kind}",
        "gradients.columns": "缩放因子的梯度",
        "gradients.column": "列层 {c} 的梯度：{kind}",
        "update.columns": "缩放因子的更新",
        "update.column": "列层 {c} 的更新：{kind}",
    },
}
SENTENCES = {
    "en": {
        "forward.periodic": (
            "Each input x of the layer gives {functions} waves: z = 2πxW + b, with a frequency W and a phase b of "
            "their own, and a = cos z. U mixes the waves of an input, and c is added: v, {outputs} for each input. "
            "Waves are numbered input by input: those of the first, then those of the second."
        ),
        "forward.piecewise_linear": (
            "Each input x of the layer is laid over {functions} bins. How far it has come through a bin is z = xW + b, "
            "which a holds between 0, before the bin, and 1, behind it, less m, what that is on average. U mixes the "
            "bins of an input: v, {outputs} for each input. Bins are numbered input by input: those of the first, then "
            "those of the second."
        ),
        "forward.embedding": (
            "Each input of the layer is the number of a category, counted from 0, and picks a row of the table T: v, "
            "{outputs} for each input. Rows are numbered input by input, {categories} for each: category 0 of the "
            "first input has row 1. As a product it is T times a row of zeros that has its only 1 at the category."
        ),
        "forward.columns": (
            "What the column layers give stands side by side, in their order: plain inputs as they are; of a periodic "
            "or piecewise linear layer its inputs, then v; of an embedding v."
        ),
        "forward.scale": "Each of these numbers, e, is multiplied by a learnt factor of its own: h.",
        "backward.columns": (
            "What layer 1 takes in acts on {E} through all of its units: what each hands back, times the weight "
            "between the two, is added up to ∂{E}/∂h."
        ),
        "backward.scale": "Times the scale, which multiplied it, it is the error at e.",
        "backward.periodic": (
            "Of the error at what layer 1 takes in, a part belongs to v. It goes back to each wave through U, and "
            "times the slope of the cosine, -sin z, it is ∂{E}/∂z."
        ),
        "backward.piecewise_linear": (
            "Of the error at what layer 1 takes in, a part belongs to v. It goes back to each bin through U, and times "
            "the slope, 1 within the bin and 0 outside, it is ∂{E}/∂z."
        ),
        "backward.embedding": "Of the error at what layer 1 takes in, a part belongs to v.",
        "gradients.scale": (
            "A factor acts on {E} through the number that it multiplies: its gradient is that number times ∂{E}/∂h."
        ),
        "gradients.periodic": (
            "A frequency acts on its z times 2πx, a phase as it is. A weight in U takes in a wave a and leads to a "
            "number of v; c is added to v. Each gradient is what came in, times the error where it leads to."
        ),
        "gradients.piecewise_linear": (
            "W acts on its z times x, b as it is, and m is taken away from a. A weight in U takes in a and leads to a "
            "number of v. Each gradient is what came in, times the error where it leads to."
        ),
        "gradients.embedding": "The row that was picked has the error at v as its gradient; all other rows have 0.",
        "gradients.frozen.column": (
            "Bins are learnt from the rows beforehand and frozen: their gradients are not applied."
        ),
        "update.undecayed": "Column layers and the scale are not made smaller beforehand, as biases are not.",
        "update.frozen.column": "Bins are frozen and stay as they are.",
    },
    "zh": {
        "forward.periodic": (
            "该层的每个输入 x 给出 {functions} 个波：z = 2πxW + b，各有自己的频率 W 和相位 b，a = cos z。U 把一个输入的"
            "各个波混合成 {outputs} 个数，再加上 c，得到 v。波按输入依次编号：先是第一个输入的，再是第二个输入的。"
        ),
        "forward.piecewise_linear": (
            "该层的每个输入 x 对照 {functions} 个区间。z = xW + b 是 x 在区间中走过的比例；a 把它限制在 0（尚未进入）与"
            " 1（已经越过）之间，再减去平均值 m。U 把一个输入的各个区间混合成 {outputs} 个数，得到 v。区间按输入依次编"
            "号：先是第一个输入的，再是第二个输入的。"
        ),
        "forward.embedding": (
            "该层的每个输入是类别的编号（从 0 起），从表 T 中取出一行：{outputs} 个数，即 v。行按输入依次编号，每个输入"
            " {categories} 行：第一个输入的类别 0 是第 1 行。写成乘积，就是一行只在该类别处为 1、其余为 0 的数乘以 T。"
        ),
        "forward.columns": "各列层给出的数按顺序并排：原样的输入照旧；周期层和分段线性层先是输入，再是 v；嵌入层是 v。",
        "forward.scale": "这些数 e 各乘以自己学到的因子，得到 h。",
        "backward.columns": (
            "第 1 层的输入通过该层的所有单元影响 {E}：各单元传回的数乘以两者之间的权重，相加就是 ∂{E}/∂h。"
        ),
        "backward.scale": "再乘以当初所乘的缩放因子，就是 e 处的误差。",
        "backward.periodic": (
            "第 1 层输入处的误差中有一部分属于 v。它经过 U 传回每个波，再乘以余弦的斜率 -sin z，就是 ∂{E}/∂z。"
        ),
        "backward.piecewise_linear": (
            "第 1 层输入处的误差中有一部分属于 v。它经过 U 传回每个区间，再乘以斜率（区间内为 1，区间外为 0），就是 "
            "∂{E}/∂z。"
        ),
        "backward.embedding": "第 1 层输入处的误差中有一部分属于 v。",
        "gradients.scale": "一个因子通过它所乘的数影响 {E}：它的梯度是这个数乘以 ∂{E}/∂h。",
        "gradients.periodic": (
            "频率乘以 2πx 进入 z，相位原样进入。U 中的权重接收波 a，通向 v 中的一个数；c 加在 v 上。每个梯度都是进来的"
            "数乘以所通向之处的误差。"
        ),
        "gradients.piecewise_linear": (
            "W 乘以 x 进入 z，b 原样进入，m 从 a 中减去。U 中的权重接收 a，通向 v 中的一个数。每个梯度都是进来的数乘以"
            "所通向之处的误差。"
        ),
        "gradients.embedding": "取出的那一行的梯度就是 v 处的误差；其余各行为 0。",
        "gradients.frozen.column": "区间是事先从数据中学到的，是固定的：梯度算出来，但不用于更新。",
        "update.undecayed": "列层和缩放因子同偏置一样，不预先缩小。",
        "update.frozen.column": "区间是固定的，保持不变。",
    },
}
LABELS = {
    "en": {
        "plain": "as they are",
        "periodic": "periodic",
        "piecewise_linear": "piecewise linear",
        "embedding": "embedding",
        "periodic.W": "frequencies, column layer {l}",
        "periodic.b": "phases, column layer {l}",
        "periodic.U": "mixing weights, column layer {l}",
        "periodic.c": "offsets, column layer {l}",
        "piecewise_linear.W": "1 / width of the bins, column layer {l}",
        "piecewise_linear.b": "-start / width of the bins, column layer {l}",
        "piecewise_linear.m": "means of the bins, column layer {l}",
        "piecewise_linear.U": "mixing weights, column layer {l}",
        "embedding.T": "table, column layer {l}",
        "scale": "scale",
    },
    "zh": {
        "plain": "原样",
        "periodic": "周期",
        "piecewise_linear": "分段线性",
        "embedding": "嵌入",
        "periodic.W": "频率，列层 {l}",
        "periodic.b": "相位，列层 {l}",
        "periodic.U": "混合权重，列层 {l}",
        "periodic.c": "偏移，列层 {l}",
        "piecewise_linear.W": "1 / 区间宽度，列层 {l}",
        "piecewise_linear.b": "-起点 / 区间宽度，列层 {l}",
        "piecewise_linear.m": "区间平均值，列层 {l}",
        "piecewise_linear.U": "混合权重，列层 {l}",
        "embedding.T": "表，列层 {l}",
        "scale": "缩放因子",
    },
}
