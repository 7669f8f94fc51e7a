"""A day once more under another policy: the same arrivals, decided by the real rule books, and what came of them.

``docs/what-if.md`` says what is taken from the log, what is derived, and what is assumed. Nothing is written, and no
text about a person is opened.
"""
