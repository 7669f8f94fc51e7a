"""An admission. What it is stands in ``state``."""
