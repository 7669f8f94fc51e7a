"""What is measured: one module a subject, each with ``measure(folder, size, tell)`` that gives rows."""
