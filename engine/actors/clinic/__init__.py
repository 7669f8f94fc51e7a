"""A clinic: its settings, its rooms as rules see them, and its rules in all their versions."""
