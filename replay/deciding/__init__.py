"""Decisions taken again: same command, same state, same rules; the same events?"""
