"""Text as it is: what rules, data and judges share, and what knows nothing of rewards."""
