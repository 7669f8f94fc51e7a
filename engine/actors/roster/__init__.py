"""The roster. What it is stands in ``state``."""
