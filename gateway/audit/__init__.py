"""What makes a log provable, beside the engine: the signing key, witnesses, the origins of checkpoints."""
