"""What is counted, by Prometheus' names: a file for each part of the whole. Numbers come in, families go out."""
