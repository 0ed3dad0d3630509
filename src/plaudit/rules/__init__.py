"""Rule-based rewards: one topic per file, one function per rule."""
