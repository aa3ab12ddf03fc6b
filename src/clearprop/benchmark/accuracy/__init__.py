"""How good the models are beside those of other tools: the same tables, the same folds, and then who is better."""
