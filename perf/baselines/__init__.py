"""The two stacks that a hospital's developer would build instead, measured in turn with Matron."""
