"""A witness of checkpoints, and the proofs that it and an auditor are given."""
