"""The auditors' tool: reads a log, verifies it, explains it. It starts no engine and writes nothing."""
