"""How gradients become new parameters: optimizers, and schedules of their learning rate."""
