"""The penalty on the weights: value and gradient side by side."""

from __future__ import annotations

import numpy as np

from clearprop.network.record import Array


def penalty(W: Array, l1: float, l2: float) -> tuple[Array, Array]:
    """R = l1·Σ|W| + l2/2·ΣW², and ∂R/∂W (I, O); at a weight of 0 the derivative of |w| is taken as 0.

    >>> R, dW = penalty(np.array([[2.0], [-1.0]]), l1=0.5, l2=0.1)
    >>> round(float(R), 12), dW.tolist()
    (1.75, [[0.7], [-0.6]])
    """
    sign = np.sign(W.real)
    return l1 * (sign * W).sum() + 0.5 * l2 * (W * W).sum(), l1 * sign + l2 * W
