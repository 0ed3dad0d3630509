"""Measuring rewards."""
