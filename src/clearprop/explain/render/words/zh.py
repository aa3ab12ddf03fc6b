"""算式旁边的话，中文。"""

BETWEEN = ""  # 句与句之间

TITLE = "反向传播的一步，逐步算出：{network}"
FORWARD_TITLE = "一次预测，逐步算出：{network}"

HEADINGS = {
    "row": "这一行数据，以及它怎样成为输入",
    "given": "已知",
    "forward.hidden": "前向，第 {l} 层：隐藏单元",
    "forward.output": "前向，第 {l} 层：输出",
    "loss": "误差",
    "backward.output": "反向，第 {l} 层：输出处的误差",
    "backward.hidden": "反向，第 {l} 层：误差传回隐藏单元",
    "gradients": "第 {l} 层的梯度",
    "update": "第 {l} 层的更新",
    "paths": "从误差到 {name} 的路径",
    "answer": "答案",
}

SENTENCES = {
    "row": "{place}。网络只认数字；下表说明每一列怎样变成一个或几个输入。",
    "given.sample": "一个样本，以及更新之前的参数。",
    "given.samples": "{B} 个样本并排计算，参数为更新之前的值。",
    "given.forward": "一个目标未知的样本，以及参数。",
    "given.focus": "只列出计算 {name} 所用到的量。",
    "forward.bias.unit": "每个单元把收到的每个数乘以相应连接的权重，全部相加，再加上自己的偏置，得到净输入 {z}。",
    "forward.bias.layer": "每个单元把收到的每个数乘以相应连接的权重，全部相加，再加上全层共用的偏置，得到净输入 {z}。",
    "forward.bias.none": (
        "每个单元把收到的每个数乘以相应连接的权重，再全部相加；这一层没有偏置。所得的和就是净输入 {z}。"
    ),
    "forward.threshold": "每个单元把收到的每个数乘以相应连接的权重，全部相加，再减去自己的阈值，得到净输入 {z}。",
    "forward.activation": "激活函数 {f} 把净输入变成单元的输出 {a}。",
    "forward.identity": "激活函数是恒等函数：输出 {a} 就是净输入本身。",
    "forward.step": "激活函数是阶跃函数：净输入不小于 0 时输出 {a} 为 1，否则为 0。",
    "forward.softmax": (
        "softmax 把每个净输入的指数除以全层指数之和：输出 {a} 都为正，加起来等于 1，而且每个输出都依赖本层所有净输入。"
    ),
    "forward.dropout": (
        "Dropout：训练时本层每个输出以概率 {p} 置为 0，留下的除以 1 - {p}，使平均值不变。掩码说明留下了哪些。"
    ),
    "forward.fade": "本层的 dropout 概率为 {dropout}，这次更新时还剩其中的 {left}。",
    "loss.half_squared_error": "每个输出的误差是它与目标之差的平方的一半；取一半，求导后正好是这个差。",
    "loss.mean_squared_error": "每个输出的误差是它与目标之差的平方，再除以输出的个数。",
    "loss.absolute": "每个输出的误差是它与目标的距离。",
    "loss.huber": (
        "与目标的距离不超过 {n} 时，误差是距离平方的一半；超过之后与距离成正比，这样个别离谱的目标不会左右整个一步。"
    ),
    "loss.quantile": "输出应是目标的 {n} 分位数：偏低时误差为距离的 {n} 倍，偏高时为 1 - {n} 倍。",
    "loss.poisson": "输出是期望的计数。误差是泊松分布给实际计数的概率取对数再取负，略去与权重无关的一项。",
    "loss.binary_cross_entropy": "每个输出是“是”的概率。误差是给真实情况的概率取对数再取负。",
    "loss.cross_entropy": "各输出是各类别的概率。误差是给真实类别的概率取对数再取负。",
    "loss.smoothed_cross_entropy": (
        "各输出是各类别的概率。为了不让它们过于肯定，平滑后的目标 {y} 从真实类别拿走 {n}，平均分给所有类别。"
        "误差是每个概率取对数再取负，乘以平滑后的目标。"
    ),
    "loss.perceptron": "感知机的误差：答对时为 0；答错时为净输入到 0 的距离，0 正是答案翻转之处。",
    "loss.outputs": "各输出的误差相加。",
    "loss.mean": "整批的误差是 {B} 个样本的平均。",
    "loss.sum": "整批的误差是 {B} 个样本之和。",
    "loss.weighted.mean": "每个样本按其权重 w 计入：误差是加权平均。",
    "loss.weighted.sum": "每个样本按其权重 w 计入：误差是加权和。",
    "loss.penalty": "另加对大权重的惩罚 {R}（偏置不罚）：这一步要减小的是 {J} = {E} + {R}。",
    "backward.chain": ("链式法则：{E} 对输出的导数，乘以该输出对其净输入的导数，就是 {E} 对净输入的导数，{meaning}。"),
    "backward.jacobian": (
        "softmax 的每个净输入都影响本层所有输出，所以链式法则要对它们求和：{d}ⱼ = Σᵢ ∂{E}/∂{a}ᵢ · ∂{a}ᵢ/∂{z}ⱼ。"
    ),
    "joint.cross_entropy": (
        "softmax 与交叉熵合在一起求导。每个净输入都影响所有输出，所以链式法则要对它们求和：{d}ⱼ = Σᵢ (-{y}ᵢ/{a}ᵢ) ·"
        " {a}ᵢ·([i = j] - {a}ⱼ)。{a}ᵢ 约去，而目标之和为 1，于是只剩下 {a}ⱼ - {y}ⱼ。"
    ),
    "joint.cross_entropy.unsure": (
        "softmax 与交叉熵合在一起求导。每个净输入都影响所有输出，所以链式法则要对它们求和：{d}ⱼ = Σᵢ (-{y}ᵢ/{a}ᵢ) ·"
        " {a}ᵢ·([i = j] - {a}ⱼ)。{a}ᵢ 约去，剩下 {a}ⱼ·Σ{y} - {y}ⱼ；这里目标之和不是 1。"
    ),
    "joint.binary_cross_entropy": (
        "sigmoid 与这个误差合在一起求导：∂{E}/∂{a} = ({a} - {y}) / ({a}·(1 - {a}))，而 sigmoid 的斜率是 {a}·(1 - "
        "{a})；相乘后只剩 {a} - {y}。"
    ),
    "joint.poisson": (
        "指数函数与这个误差合在一起求导：∂{E}/∂{a} = 1 - {y}/{a}，而指数函数的斜率就是 {a}；相乘后只剩 {a} - {y}。"
    ),
    "joint.perceptron": (
        "阶跃函数没有可以下降的斜率。感知机规则把答案 {a} 看作不变，只对净输入求误差 ({a} - {y})·{z} 的导数：{a} - "
        "{y}，答对时为 0。"
    ),
    "backward.mean": "{E} 是平均：{B} 个样本各占 1/{B}。",
    "backward.sum": "{E} 是总和：{B} 个样本都全额计入。",
    "backward.weighted.mean": "{E} 是加权平均：每个样本按它在总权重中所占的份额计入。",
    "backward.weighted.sum": "{E} 是加权和：每个样本按它的权重计入。",
    "backward.recursion": (
        "本层的输出 {a} 通过第 {above} 层的每个单元影响 {E}。那些单元各自传回自己的 {d_above} 乘以两者之间的权重，"
        "相加就是 ∂{E}/∂{a}。所用的权重是更新之前的。"
    ),
    "backward.shares": "先算网络每个输出的那一份，再相加。",
    "backward.slope": "再乘以激活函数在净输入处的斜率，就是本层自己的 {meaning}。",
    "backward.dropout": "被丢弃的输出没有参与 {E}：反向时同样乘以掩码。",
    "backward.step": "阶跃函数的斜率为 0：误差传不过去，它前面的权重学不到东西。",
    "flipped": "这种记法里 {d} 取相反的符号。",
    "gradients.weights": (
        "一个权重只通过一个净输入影响 {E}，而净输入随它变化的快慢就是从它进来的数：所以梯度等于进来的数乘以它所通向"
        "的单元的 {d}。"
    ),
    "gradients.samples": "每个梯度都是对各样本求和。",
    "gradients.bias.unit": "净输入随偏置同样地变化，所以偏置的梯度就是该单元的 {d}。",
    "gradients.bias.layer": "共用的偏置通过每个单元起作用：它的梯度是各单元 {d} 之和。",
    "gradients.bias.threshold.unit": "阈值升高时净输入同样地降低，所以阈值的梯度等于该单元的 {d} 取负。",
    "gradients.bias.threshold.layer": "共用的阈值升高时每个净输入同样地降低：它的梯度等于各单元 {d} 之和取负。",
    "gradients.frozen": "偏置是固定的：梯度算出来，但不用于更新。",
    "gradients.l1": "l1 惩罚以同样大小的力把每个权重拉向 0。",
    "gradients.l2": "l2 惩罚把每个权重拉向 0，力与权重的大小成正比。",
    "gradients.penalty": "{E} 的梯度与惩罚的拉力相加，就是 {J} 的梯度。",
    "update.sgd": "梯度下降：逆着梯度走一步，步长为学习率乘以梯度。",
    "update.momentum": "动量：u 累积至今的梯度，越早的每次更新按同一因子衰减。这一步为学习率乘以 u。",
    "update.nesterov": (
        "Nesterov 动量：u 累积至今的梯度，越早的越淡。这一步沿着梯度加上 u 将要保留的部分走，好像已经先看了一步。"
    ),
    "update.adam": (
        "Adam 记着梯度的滑动平均 m 和梯度平方的滑动平均 v。两者都从 0 开始，起初偏小；分别除以 "
        "1 - {beta1}ᵗ 和 1 - {beta2}ᵗ（t 是更新的次数）就得到修正。"
        "这一步是修正后的 m 除以修正后的 v 的平方根：梯度无论大小，步长相近。"
    ),
    "update.adamw": "AdamW 先把每个权重（偏置除外）缩小一点，再走 Adam 的一步。",
    "update.fade": "这次更新时衰减还剩 {fade} 这一份。",
    "update.weight_rate": "第 {l} 层的权重以 {weight_rate} 倍的学习率 {eta} 学习。",
    "update.bias_rate": "第 {l} 层的偏置以 {bias_rate} 倍的学习率 {eta} 学习。",
    "update.rmsprop": "RMSprop 记着梯度平方的滑动平均 v，用梯度除以它的平方根：梯度无论大小，步长相近。",
    "update.frozen": "偏置是固定的，保持不变。",
    "paths": (
        "每条路径从一个输出的 {d} 出发，经过权重和斜率往回走。各因子相乘是它在 {gradient} 中的一份，所有份相加就是 "
        "{gradient}。"
    ),
    "answer.numbers": (
        "输出以训练行的标准差为单位，表示 {column} 偏离平均值多少；乘以标准差再加上平均值，就回到 {column} 自己的单位。"
    ),
    "answer.standardised": (
        "网络学习的是标准化的 {column}，即偏离平均值多少个标准差：1 相当于 {deviation}，0 相当于 {mean}。"
    ),
    "answer.classes": "输出是各类别的概率；最可能的类别就是答案。",
    "answer.mean": "集成的答案是各成员输出的平均。",
    "answer.temperature": (
        "平均概率先取“温度分之一”次幂，再除以总和：确信的程度与未学的行所显示的一致。单个成员的输出保持不变。"
    ),
}

LABELS = {
    "x": "输入",
    "y": "目标",
    "w": "样本权重",
    "W": "第 {l} 层的权重",
    "b": "第 {l} 层的偏置",
    "thresholds": "第 {l} 层的阈值",
    "mask": "第 {l} 层的掩码",
    "settings": "设置",
    "shares": "各输出的 {E}",
    "memory": "优化器的记忆",
    "nothing": "{names} = 0，每个参数都是，因为还没有更新过",
    "frozen": "固定",
    "of": "合计",
    "others": "其余 {count} 条路径合计",
    "columns": "列",
    "read": "读到的值",
    "became": "变成",
    "missing": "缺失",
    "left out": "未使用",
    "path": "路径",
    "number": "数",
    "boolean": "真假",
    "category": "类别",
    "date": "日期",
    "target": "目标",
    "other": "其他类别",
    "row of": "{table} 的第 {row} 行",
    "zeros": "另有 {count} 个输入为 0",
    "answer.network": "网络",
    "answer.member": "成员 {number}",
    "answer.mean": "{count} 个成员的平均",
    "answer.temperature": "取 1/{T} 次幂并归一化",
    "answer.wanted": "目标 {value}",
    "answer.given": "答案 {value}",
    "answer.held": "（限于训练行的范围：{low} 到 {high}）",
    "answer.more": "以及另外 {count} 个",
}
