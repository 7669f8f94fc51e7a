"""What happens behind one accepted socket. ``gateway.server`` is the way in."""
