"""Answers three questions about a language model: head output, log-probabilities, text."""
