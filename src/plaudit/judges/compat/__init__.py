"""Verdicts as other projects read them, mistakes included: for comparing numbers."""
