"""The reading process: answers what the audit explorer asks, from the log, beside the engine and without it."""
