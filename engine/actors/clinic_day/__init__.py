"""A clinic's local day: the appointments that start on it, and the index by which rooms are chosen."""
