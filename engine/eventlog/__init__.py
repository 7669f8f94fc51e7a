"""The durable log: entries, their codec, and the stores that keep them."""
