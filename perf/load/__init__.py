"""Load: what is asked of a server and when, who asks it, and what came of it."""
