"""The intake. What it is stands in ``state``."""
