"""What rules, data and judges share about text; it knows nothing of rewards."""
