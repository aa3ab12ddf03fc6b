"""What is said beside the arithmetic, in English."""

BETWEEN = " "  # sentences

TITLE = "One step of backpropagation, worked out: {network}"
FORWARD_TITLE = "One prediction, worked out: {network}"

HEADINGS = {
    "row": "The row, and how it became inputs",
    "given": "Given",
    "forward.hidden": "Forward, layer {l}: the hidden units",
    "forward.output": "Forward, layer {l}: the outputs",
    "loss": "The error",
    "backward.output": "Backward, layer {l}: the error at the outputs",
    "backward.hidden": "Backward, layer {l}: the error handed back to the hidden units",
    "gradients": "Gradients of layer {l}",
    "update": "Update of layer {l}",
    "paths": "The paths from the error to {name}",
    "answer": "The answer",
}

SENTENCES = {
    "row": "{place}. A network takes nothing but numbers; this is how each column became one or more of its inputs.",
    "given.sample": "One sample, and the parameters before the update.",
    "given.samples": "{B} samples, which are computed side by side, and the parameters before the update.",
    "given.forward": "One sample, whose target is not known, and the parameters.",
    "given.focus": "Shown is what {name} is computed from, and nothing else.",
    "forward.bias.unit": (
        "Each unit multiplies every number that it receives by the weight of that connection, adds the products up "
        "and adds its own bias: this is its net input, {z}."
    ),
    "forward.bias.layer": (
        "Each unit multiplies every number that it receives by the weight of that connection, adds the products up "
        "and adds the one bias that all units of the layer share: this is its net input, {z}."
    ),
    "forward.bias.none": (
        "Each unit multiplies every number that it receives by the weight of that connection and adds the products "
        "up; the layer has no bias. The sum is the net input, {z}."
    ),
    "forward.threshold": (
        "Each unit multiplies every number that it receives by the weight of that connection, adds the products up "
        "and takes its threshold away: this is its net input, {z}."
    ),
    "forward.activation": "The activation {f} turns the net input into the unit's output, {a}.",
    "forward.identity": "The activation is the identity: the output, {a}, is the net input itself.",
    "forward.step": (
        "The activation is a threshold: the output, {a}, is 1 where the net input is at least 0, and 0 elsewhere."
    ),
    "forward.softmax": (
        "Softmax divides the exponential of each net input by the sum of all of them. The outputs are positive and "
        "add up to 1, and each depends on every net input of the layer."
    ),
    "forward.dropout": (
        "Dropout: in training, each output of the layer is set to 0 with probability {p}; those that stay are "
        "divided by 1 - {p}, so that on average nothing changes. The mask says which stay."
    ),
    "forward.fade": "At this update {left} of the layer's dropout of {dropout} is left.",
    "loss.half_squared_error": (
        "The error of an output is half the square of its distance from the target; the half makes the derivative "
        "the distance itself."
    ),
    "loss.mean_squared_error": (
        "The error of an output is the square of its distance from the target, divided by the number of outputs."
    ),
    "loss.absolute": "The error of an output is its distance from the target.",
    "loss.huber": (
        "Up to a distance of {n} from the target, the error of an output is half the square of the distance; "
        "beyond, it grows in proportion to the distance, so that a single wild target does not rule the step."
    ),
    "loss.quantile": (
        "The output is to be the {n} quantile of the target: to be too low costs {n} times the distance, to be too "
        "high 1 - {n} times."
    ),
    "loss.poisson": (
        "The output is the expected count. The error is minus the logarithm of the probability that Poisson's "
        "distribution gives to the count that came, without the term that no weight can change."
    ),
    "loss.binary_cross_entropy": (
        "Each output is the probability of a yes. The error is minus the logarithm of the probability given to "
        "what was true."
    ),
    "loss.cross_entropy": (
        "The outputs are the probabilities of the classes. The error is minus the logarithm of the probability "
        "given to the true class."
    ),
    "loss.smoothed_cross_entropy": (
        "The outputs are the probabilities of the classes. They are not to become quite sure: the smoothed targets {y} "
        "take the share {n} away from the true class and spread it evenly over all classes. The error is minus the "
        "logarithm of each probability, times its smoothed target."
    ),
    "loss.perceptron": (
        "The perceptron's error is 0 where the answer is right; where it is wrong, it is the distance of the net "
        "input from 0, where the answer would turn."
    ),
    "loss.outputs": "The shares of the outputs are added up.",
    "loss.mean": "The error of the batch is the mean over its {B} samples.",
    "loss.sum": "The error of the batch is the sum over its {B} samples.",
    "loss.weighted.mean": "Each sample counts by its weight w: the error is the weighted mean.",
    "loss.weighted.sum": "Each sample counts by its weight w: the error is the weighted sum.",
    "loss.penalty": (
        "A penalty {R} on large weights, not on biases, comes on top: what the step is to make smaller is "
        "{J} = {E} + {R}."
    ),
    "backward.chain": (
        "The chain rule: how {E} changes with an output, times how that output changes with its net input, is how "
        "{E} changes with the net input, {meaning}."
    ),
    "backward.jacobian": (
        "Each net input of a softmax moves all outputs of the layer, so the chain rule adds up over them: {d}ⱼ = "
        "Σᵢ ∂{E}/∂{a}ᵢ · ∂{a}ᵢ/∂{z}ⱼ."
    ),
    "joint.cross_entropy": (
        "Softmax and cross-entropy are derived together. Each net input moves all outputs, so the chain rule adds "
        "up over them: {d}ⱼ = Σᵢ (-{y}ᵢ/{a}ᵢ) · {a}ᵢ·([i = j] - {a}ⱼ). The {a}ᵢ cancel, and as the targets add up "
        "to 1, {a}ⱼ - {y}ⱼ is all that is left."
    ),
    "joint.cross_entropy.unsure": (
        "Softmax and cross-entropy are derived together. Each net input moves all outputs, so the chain rule adds "
        "up over them: {d}ⱼ = Σᵢ (-{y}ᵢ/{a}ᵢ) · {a}ᵢ·([i = j] - {a}ⱼ). The {a}ᵢ cancel, and {a}ⱼ·Σ{y} - {y}ⱼ is "
        "left; the targets do not add up to 1 here."
    ),
    "joint.binary_cross_entropy": (
        "The sigmoid and this error are derived together: ∂{E}/∂{a} = ({a} - {y}) / ({a}·(1 - {a})), and the slope "
        "of the sigmoid is {a}·(1 - {a}). Multiplied, they leave {a} - {y}."
    ),
    "joint.poisson": (
        "The exponential and this error are derived together: ∂{E}/∂{a} = 1 - {y}/{a}, and the slope of the "
        "exponential is {a} itself. Multiplied, they leave {a} - {y}."
    ),
    "joint.perceptron": (
        "A threshold has no slope to go down. The perceptron rule holds the answer {a} fixed and derives the error "
        "({a} - {y})·{z} by the net input alone: {a} - {y}, which is 0 where the answer is right."
    ),
    "backward.mean": "{E} is a mean: each of the {B} samples counts 1/{B} in it.",
    "backward.sum": "{E} is a sum: each of the {B} samples counts in full.",
    "backward.weighted.mean": "{E} is a weighted mean: each sample counts by its share of all weights.",
    "backward.weighted.sum": "{E} is a weighted sum: each sample counts by its weight.",
    "backward.recursion": (
        "An output of this layer acts on {E} through every unit of layer {above}. What each of those hands back, "
        "its {d_above} times the weight between the two, is added up to ∂{E}/∂{a}. The weights are those from before "
        "the update."
    ),
    "backward.shares": "First the share of each output of the network, then their sum.",
    "backward.slope": "Times the slope of the activation at the net input, this is the layer's own {meaning}.",
    "backward.dropout": "What was dropped had no part in {E}: the mask multiplies here as it did on the way forward.",
    "backward.step": "A threshold has slope 0: no error passes through it, and the weights before it do not learn.",
    "flipped": "This notation counts {d} with the other sign.",
    "gradients.weights": (
        "A weight acts on {E} through one net input, which changes by as much as came in through the weight: its "
        "gradient is what came in times the {d} of the unit that it leads to."
    ),
    "gradients.samples": "Each gradient adds up over the samples.",
    "gradients.bias.unit": "A net input changes as its bias does, so the gradient of a bias is the {d} of its unit.",
    "gradients.bias.layer": "The shared bias acts through every unit: its gradient is the sum of their {d}.",
    "gradients.bias.threshold.unit": (
        "A net input falls as its threshold rises, so the gradient of a threshold is minus the {d} of its unit."
    ),
    "gradients.bias.threshold.layer": (
        "Every net input falls as the shared threshold rises: its gradient is minus the sum of their {d}."
    ),
    "gradients.frozen": "The bias is frozen: its gradient is computed, but not applied.",
    "gradients.l1": "The l1 penalty pulls every weight towards 0 with the same force.",
    "gradients.l2": "The l2 penalty pulls every weight towards 0 in proportion to its size.",
    "gradients.penalty": "The gradient of {E} and the pull of the penalty add up to that of {J}.",
    "update.sgd": "Gradient descent: a step against the gradient, as long as the learning rate times the gradient.",
    "update.momentum": (
        "Momentum: u sums up the gradients so far, the older ones fading by the same factor at each update. The "
        "step is the learning rate times u."
    ),
    "update.nesterov": (
        "Nesterov's momentum: u sums up the gradients so far, the older ones fading at each update. The step is "
        "taken along the gradient plus the part of u that is going to stay, as if from one step ahead."
    ),
    "update.adam": (
        "Adam keeps a running mean of the gradient, m, and of its square, v. Both began at 0 and are too small at "
        "first; divided by 1 - {beta1}ᵗ and 1 - {beta2}ᵗ, where t counts the updates, they are as large as they should "
        "be. The step is the corrected m divided by the root of the corrected v: about as long for small gradients as "
        "for large ones."
    ),
    "update.adamw": "AdamW first makes each weight (no bias) a little smaller, and then takes the step of Adam.",
    "update.fade": "Of the decay the share {fade} is left at this update.",
    "update.weight_rate": "The weights of layer {l} learn at {weight_rate} times the learning rate {eta}.",
    "update.bias_rate": "The biases of layer {l} learn at {bias_rate} times the learning rate {eta}.",
    "update.rmsprop": (
        "RMSprop keeps a running mean v of the squared gradient and divides the gradient by its root, which makes "
        "steps about as long for small gradients as for large ones."
    ),
    "update.frozen": "The bias is frozen and stays as it is.",
    "paths": (
        "Each path leads from the {d} of an output back through weights and slopes. Its factors multiplied are its "
        "part of {gradient}, and all parts add up to it."
    ),
    "answer.numbers": (
        "The output counts in deviations of {column} from its mean over the training rows; times the deviation, plus "
        "the mean, it is in the unit of {column}."
    ),
    "answer.standardised": (
        "The network learns {column} standardised, in deviations from its mean: 1 stands for {deviation}, 0 for {mean}."
    ),
    "answer.classes": "The outputs are the probabilities of the classes; the answer is the likeliest.",
    "answer.mean": "An ensemble answers by the mean of what its members give.",
    "answer.temperature": (
        "The mean probabilities are taken to the power of one over the temperature and divided by their sum, which "
        "makes them as sure as rows that were left out have shown to be right. What one member gives is left as it is."
    ),
}

LABELS = {
    "x": "inputs",
    "y": "targets",
    "w": "weights of the samples",
    "W": "weights, layer {l}",
    "b": "biases, layer {l}",
    "thresholds": "thresholds, layer {l}",
    "mask": "mask, layer {l}",
    "settings": "settings",
    "shares": "{E} of each output",
    "memory": "remembered",
    "nothing": "{names} = 0 for every parameter, as before the first update",
    "frozen": "frozen",
    "of": "in all",
    "others": "the other {count} paths together",
    "columns": "column",
    "read": "as read",
    "became": "became",
    "missing": "missing",
    "left out": "left out",
    "path": "path",
    "number": "number",
    "boolean": "true or false",
    "category": "category",
    "date": "date",
    "target": "target",
    "other": "any other",
    "row of": "row {row} of {table}",
    "zeros": "{count} more inputs are 0",
    "answer.network": "the network",
    "answer.member": "member {number}",
    "answer.mean": "mean of {count} members",
    "answer.temperature": "to the power 1/{T}, normalised",
    "answer.wanted": "target {value}",
    "answer.given": "answer {value}",
    "answer.held": "(held to what training rows had, {low} to {high})",
    "answer.more": "and {count} more",
}
