"""A ward. What it is stands in ``state``."""
