"""A member of the staff. What it is stands in ``state``."""
