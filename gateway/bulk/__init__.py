"""Master data and patients by the thousand: from a file into a running hospital, and back, over HTTP like anybody."""
