"""The log in files: its stored bytes in frames, as they are written, shipped and read."""
