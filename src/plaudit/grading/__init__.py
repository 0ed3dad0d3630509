"""Programs graded: which program is meant, what its row asks, how its answers are compared."""
