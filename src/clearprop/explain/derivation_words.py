"""What a derivation says between its equations: a heading and a text each, in English and Chinese."""

from __future__ import annotations

WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "forward": (
            "Forward",
            "Each unit adds up what comes in, times its weights, and puts the sum through its activation. "
            "Layers with weights: {layers}; parameters: {count}.",
        ),
        "loss": ("What is minimised", "The loss {loss} of one sample, a function of every weight through the outputs."),
        "last": (
            "The last layer",
            "The delta of a unit is the derivative of the loss by its net input. The net input acts on the loss "
            "through the unit's output alone, so by the chain rule it is a product of two factors.",
        ),
        "last joint": (
            "The last layer",
            "The delta of a unit is the derivative of the loss by its net input. Loss and last activation belong "
            "together here: differentiated in one go, the activation's derivative cancels.",
        ),
        "no hidden layer": (
            "Nothing is handed back",
            "There is no hidden layer. The delta of the last layer is known at once from output and target, and the "
            "gradient of every weight is that delta times an input: one application of the chain rule, a closed form. "
            "Backpropagation is the rule that hands deltas back through a layer to the one before; with no layer to "
            "hand them to, it has nothing to do. That is why logistic regression is trained by gradient descent "
            "without it: with no hidden layer both are the same computation.",
        ),
        "recursion": (
            "Handing back",
            "A hidden unit acts on the loss through every unit of the layer above, so the derivative by its output "
            "is a sum over them. Their deltas are known already: going from the last layer to the first, each is "
            "computed once and used for all units below. All of them use the weights as they are before the update.",
        ),
        "gradients": (
            "The gradients",
            "A weight acts on the loss through one net input only, where it multiplies the output of the unit it "
            "comes from; a bias is added to it. Over a batch the gradients of the samples are averaged, or summed.",
        ),
        "update": ("The update", "Every parameter takes a step against its gradient, all at the same time."),
        "count": ("How many parameters", "{sum} = {count}"),
    },
    "zh": {
        "forward": ("前向传播", "每个单元把输入按权重求和，再经过激活函数。共 {layers} 层带权重，{count} 个参数。"),
        "loss": ("要最小化的量", "一个样本的损失 {loss}：它经由输出依赖于每一个权重。"),
        "last": (
            "输出层",
            "一个单元的 delta 是损失对它的净输入的导数。净输入只通过该单元的输出影响损失，"
            "所以按链式法则它是两个因子的乘积。",
        ),
        "last joint": (
            "输出层",
            "一个单元的 delta 是损失对它的净输入的导数。这里损失与最后的激活函数是一对："
            "合在一起求导，激活函数的导数恰好消去。",
        ),
        "no hidden layer": (
            "没有可以反传的层",
            "这里没有隐含层。输出层的 delta 由输出和目标直接得到，每个权重的梯度就是这个 delta 乘以一个输入："
            "只用一次链式法则，是闭式解。反向传播是把 delta 经过一层传给前一层的规则；没有前一层可传，它就无事可做。"
            "这就是逻辑回归（LR）用梯度下降而不需要 BP 的原因：没有隐含层时，两者是同一个计算。",
        ),
        "recursion": (
            "向后传递",
            "隐含单元通过上一层的每一个单元影响损失，所以对它的输出的导数是对这些单元求和。它们的 delta 已经算出："
            "从最后一层到第一层，每个 delta 只算一次，供下面所有单元使用。所有计算都用更新之前的权重。",
        ),
        "gradients": (
            "梯度",
            "一个权重只通过一个净输入影响损失，在其中它与来源单元的输出相乘；偏置则直接加在其中。"
            "对一批样本，各样本的梯度取平均或求和。",
        ),
        "update": ("更新", "每个参数沿梯度的反方向走一步，全部同时进行。"),
        "count": ("参数个数", "{sum} = {count}"),
    },
}
