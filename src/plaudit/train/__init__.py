"""Training: from preference data to a reward, with the contract of its scoring beside the weights.

`plaudit train KIND` is the command. What is trained here is scored by a leaf of `plaudit.models`.
"""
