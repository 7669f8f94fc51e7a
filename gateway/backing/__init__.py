"""Backups of a log beside the engine that writes it, and logs made of them again."""
