"""A facility of the network that takes referrals. What it keeps stands in ``state``."""
