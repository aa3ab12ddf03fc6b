"""Training on files that do not fit in memory, beside training in memory and beside PyTorch's DataLoader."""
