"""Constraints that a program can check: what is counted, and one function for each kind."""
