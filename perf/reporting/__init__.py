"""The report of kept runs: what they say, as a page and as Markdown. Every number and verdict in it is a run's."""
