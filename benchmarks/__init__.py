"""Measurements behind docs/performance.md; `python -m benchmarks` runs them all."""
