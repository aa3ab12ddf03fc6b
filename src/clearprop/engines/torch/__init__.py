"""The engine on PyTorch: GPUs, and any device that PyTorch has. What it computes is defined by `reference`.

All of its modules but this one import PyTorch. Tensors may have an axis before the others, one place a network: many
networks of one shape are one network whose matrices are stacks. What is written here counts axes from the end, so that
it holds for both.
"""
