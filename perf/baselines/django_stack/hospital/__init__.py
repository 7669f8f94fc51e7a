"""The one application of the project: slots, patients, tokens."""
