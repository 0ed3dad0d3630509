"""Where a response states its answer, what that says, and whether two answers are equal."""
