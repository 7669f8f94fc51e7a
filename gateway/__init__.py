"""The gateway: HTTP in, events out. It holds no rule and no state of the engine."""
