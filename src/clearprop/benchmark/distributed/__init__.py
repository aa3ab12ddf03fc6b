"""How long an update takes in several processes: measured, and foretold by a cost model."""
