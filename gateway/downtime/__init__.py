"""When the network is not there: lists of the day printed ahead, and what was written on them entered afterwards."""
