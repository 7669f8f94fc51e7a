"""The slot of a doctor: tokens, waiting list, seats, delays."""
