"""The alerts. What it is stands in ``state``."""
