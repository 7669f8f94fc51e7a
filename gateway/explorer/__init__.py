"""The audit explorer: the log as a day that can be gone through. Its reader is a process (``replay.serving``)."""
