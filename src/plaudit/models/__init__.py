"""Rewards that a network computes, one architecture a file; `auto` finds the right one."""
