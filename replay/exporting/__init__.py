"""A stretch of a log written down in forms that others read, with a manifest that says what it is and proves it."""
