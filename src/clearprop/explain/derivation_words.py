"""What a derivation says between its equations, in English and Chinese: what is true of the network, and no more."""

from __future__ import annotations

from collections.abc import Iterator

from clearprop.explain.notation import Notation
from clearprop.explain.ref import Ref
from clearprop.explain.render.words import LANGUAGES, letter, taken
from clearprop.explain.scalar import Shapes
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer

HEADINGS = {
    "en": {
        "forward.columns": "Column layers",
        "forward": "Forward",
        "loss": "What is minimised",
        "last": "The last layer",
        "no hidden layer": "Nothing is handed back",
        "recursion": "Handing back",
        "gradients": "The gradients",
        "backward.columns": "Handing back to the column layers",
        "update": "The update",
        "count": "How many parameters",
    },
    "zh": {
        "forward.columns": "列层",
        "forward": "前向传播",
        "loss": "要最小化的量",
        "last": "输出层",
        "no hidden layer": "没有可以反传的层",
        "recursion": "向后传递",
        "gradients": "梯度",
        "backward.columns": "传回列层",
        "update": "更新",
        "count": "参数个数",
    },
}

SENTENCES = {
    "en": {
        "forward": (
            "Each unit adds up what comes in, times its weights, and puts the sum through its activation. "
            "Layers with weights: {layers}; parameters: {count}."
        ),
        "forward.dropout": (
            "Dropout is not written here. It acts in training alone, where a mask multiplies the outputs of its layer, "
            "and on the way back the derivatives by them."
        ),
        "forward.columns": (
            "Before the first layer stand the column layers, c1, c2, … Where a formula has letters, it is of one input "
            "i of its column layer, whose functions and outputs are counted from 1. What they give is put side by side."
        ),
        "forward.columns.scale": "Each number of it is then multiplied by a learnt factor.",
        "backward.columns": (
            "What the first layer takes in acts on the loss through every unit of that layer. Each column layer gets "
            "its part of the derivative and hands it back through its own functions to its parameters."
        ),
        "backward.columns.frozen": "Those that were learnt from the rows beforehand are frozen.",
        "loss": "The loss {loss} of one sample, a function of every weight through the outputs.",
        "loss.smoothed": "It aims at smoothed targets: a share is spread evenly over all classes.",
        "delta": "The delta of a unit is the derivative of the loss by its net input.",
        "last.chain": (
            "The net input acts on the loss through the unit's output alone, so by the chain rule it is a product of "
            "two factors."
        ),
        "last.jacobian": (
            "Each net input of a softmax moves every output of the layer, so by the chain rule it is a sum over the "
            "outputs, of two factors each."
        ),
        "last.joint": (
            "Loss and last activation belong together here: differentiated in one go, the activation's derivative "
            "cancels."
        ),
        "last.perceptron": (
            "A threshold has no slope to go down: the perceptron rule holds the answer fixed and derives the loss by "
            "the net input alone."
        ),
        "no hidden layer": (
            "There is no hidden layer. The delta of the last layer is known at once from output and target, and the "
            "gradient of every weight is that delta times an input: one application of the chain rule, a closed form. "
            "Backpropagation is the rule that hands deltas back through a layer to the one before; with no layer to "
            "hand them to, it has nothing to do."
        ),
        "no hidden layer.logistic": (
            "That is why logistic regression is trained by gradient descent without it: with no hidden layer both are "
            "the same computation."
        ),
        "recursion": (
            "A hidden unit acts on the loss through every unit of the layer above, so the derivative by its output "
            "is a sum over them. Their deltas are known already: going from the last layer to the first, each is "
            "computed once and used for all units below. All of them use the weights as they are before the update."
        ),
        "gradients": (
            "A weight acts on the loss through one net input only, where it multiplies the output of the unit it "
            "comes from."
        ),
        "gradients.bias.unit": "A bias is added to one net input: its gradient is the delta.",
        "gradients.bias.layer": (
            "A bias that a layer shares is added to all its net inputs: its gradient is the sum of their deltas."
        ),
        "gradients.threshold.unit": "A threshold is taken from one net input: its gradient is minus the delta.",
        "gradients.threshold.layer": (
            "A threshold that a layer shares is taken from all its net inputs: its gradient is minus the sum of their "
            "deltas."
        ),
        "gradients.mean": "Over a batch the gradients of the samples are averaged.",
        "gradients.sum": "Over a batch the gradients of the samples are added up.",
        "update": "All parameters are updated at the same time.",
        "update.rates": "A number behind {eta} is the factor that the layer puts on the learning rate.",
        "update.frozen": "Frozen biases stay as they are.",
        "count": "{sum} = {count}",
    },
    "zh": {
        "forward": "每个单元把输入按权重求和，再经过激活函数。共 {layers} 层带权重，{count} 个参数。",
        "forward.dropout": (
            "这里不写 dropout。它只在训练时起作用：前向时掩码乘以该层的输出，反向时同样乘以对这些输出的导数。"
        ),
        "forward.columns": (
            "第一层之前是各列层 c1、c2、…… 公式中有字母时，写的是该列层的一个输入 i，它的函数和输出都从 1 数起。"
            "各列层给出的数并排放在一起。"
        ),
        "forward.columns.scale": "其中每个数再乘以一个学到的因子。",
        "backward.columns": (
            "第一层的输入通过该层的每个单元影响损失。每个列层得到导数中属于自己的部分，再经过自己的函数传回自己的参数。"
        ),
        "backward.columns.frozen": "事先从数据中学到的参数是固定的。",
        "loss": "一个样本的损失 {loss}：它经由输出依赖于每一个权重。",
        "loss.smoothed": "它对准平滑后的目标：其中一份平均分给所有类别。",
        "delta": "一个单元的 delta 是损失对它的净输入的导数。",
        "last.chain": "净输入只通过该单元的输出影响损失，所以按链式法则它是两个因子的乘积。",
        "last.jacobian": (
            "softmax 的每个净输入都影响该层的所有输出，所以按链式法则它是对各输出求和，每项是两个因子的乘积。"
        ),
        "last.joint": "这里损失与最后的激活函数是一对：合在一起求导，激活函数的导数恰好消去。",
        "last.perceptron": "阶跃函数没有可以下降的斜率：感知机规则把答案看作不变，只对净输入求损失的导数。",
        "no hidden layer": (
            "这里没有隐含层。输出层的 delta 由输出和目标直接得到，每个权重的梯度就是这个 delta 乘以一个输入："
            "只用一次链式法则，是闭式解。反向传播是把 delta 经过一层传给前一层的规则；没有前一层可传，它就无事可做。"
        ),
        "no hidden layer.logistic": (
            "这就是逻辑回归（LR）用梯度下降而不需要 BP 的原因：没有隐含层时，两者是同一个计算。"
        ),
        "recursion": (
            "隐含单元通过后一层的每一个单元影响损失，所以对它的输出的导数是对这些单元求和。它们的 delta 已经算出："
            "从最后一层到第一层，每个 delta 只算一次，供前一层的所有单元使用。所有计算都用更新之前的权重。"
        ),
        "gradients": "一个权重只通过一个净输入影响损失，在其中它与来源单元的输出相乘。",
        "gradients.bias.unit": "偏置直接加在一个净输入中：它的梯度就是 delta。",
        "gradients.bias.layer": "一层共用的偏置加在该层的每个净输入中：它的梯度是各单元 delta 之和。",
        "gradients.threshold.unit": "阈值从一个净输入中减去：它的梯度是 delta 取负。",
        "gradients.threshold.layer": "一层共用的阈值从该层的每个净输入中减去：它的梯度是各单元 delta 之和取负。",
        "gradients.mean": "对一批样本，各样本的梯度取平均。",
        "gradients.sum": "对一批样本，各样本的梯度求和。",
        "update": "所有参数同时更新。",
        "update.rates": "{eta} 后面的数是该层对学习率的倍数。",
        "update.frozen": "固定的偏置保持不变。",
        "count": "{sum} = {count}",
    },
}


class DerivationWords:
    """The headings and sentences of one derivation, in a language and with the letters of a notation."""

    def __init__(self, network: Network, optimizer: Optimizer, notation: Notation, language: str) -> None:
        self.network = network
        self.optimizer = optimizer
        self.notation = notation
        self.language = language

    def heading(self, key: str) -> str:
        return HEADINGS[self.language][key]

    def text(self, key: str, **filled: object) -> str:
        """What is said in a chapter; where a step has the same to say, in its words."""
        step = LANGUAGES[self.language]
        texts = {**step.SENTENCES, **SENTENCES[self.language]}
        filled = {**self._letters(), **filled}
        return str(step.BETWEEN).join(texts[one].format(**filled) for one in self._keys(key))

    def _letters(self) -> dict[str, str]:
        last, shapes = len(self.network.layers), Shapes(self.network, samples=1)
        refs = {"d": Ref("delta", last, (1, 1)), **{kind: Ref(kind) for kind in ("beta1", "beta2", "eta", "fade")}}
        return {field: letter(self.notation, ref, shapes) for field, ref in refs.items()}

    def _keys(self, key: str) -> Iterator[str]:
        """The sentences of a chapter that are true of this network."""
        more = {"forward": self._forward, "loss": self._loss, "last": self._last, "no hidden layer": self._alone}
        more |= {"gradients": self._gradients, "update": self._update}
        more |= {"forward.columns": self._columns, "backward.columns": self._handed_to_columns}
        yield "delta" if key == "last" else key
        if key in more:
            yield from more[key]()

    def _forward(self) -> Iterator[str]:
        if any(layer.dropout for layer in self.network.layers):
            yield "forward.dropout"

    def _loss(self) -> Iterator[str]:
        if self.network.loss_function.aim:
            yield "loss.smoothed"

    def _columns(self) -> Iterator[str]:
        if self.network.scale:
            yield "forward.columns.scale"

    def _handed_to_columns(self) -> Iterator[str]:
        if any(layer.frozen for layer in self.network.columns):
            yield "backward.columns.frozen"

    def _last(self) -> Iterator[str]:
        if self.network.joint_pair:
            yield "last.perceptron" if self.network.loss_function.kind == "perceptron" else "last.joint"
        else:
            yield "last.jacobian" if self.network.layers[-1].function.across_units else "last.chain"
        if self.notation.sign(Ref("delta", 1)) < 0:
            yield "flipped"

    def _alone(self) -> Iterator[str]:
        loss = self.network.loss_function
        if loss.of_classes or loss.kind == "binary_cross_entropy":
            yield "no hidden layer.logistic"

    def _gradients(self) -> Iterator[str]:
        kind = "threshold" if self.notation.sign(Ref("b", 1)) < 0 else "bias"
        # Each sentence once, in the order of the layers.
        yield from dict.fromkeys(f"gradients.{kind}.{one.bias}" for one in self.network.layers if one.bias != "none")
        yield f"gradients.{self.network.reduction}"

    def _update(self) -> Iterator[str]:
        yield from taken(self.optimizer)
        moved = [layer.bias_rate for layer in self.network.layers if layer.bias != "none" and layer.train_bias]
        if {1.0} != {1.0, *moved, *(layer.weight_rate for layer in self.network.layers)}:
            yield "update.rates"
        if any(layer.bias != "none" and not layer.train_bias for layer in self.network.layers):
            yield "update.frozen"
