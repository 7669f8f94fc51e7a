"""Whether a load left the truth behind: what was acknowledged held against the log, and the log against itself."""
