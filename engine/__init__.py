"""Matron's engine: actors, their durable log, and the runtime that joins them. It knows no HTTP."""
