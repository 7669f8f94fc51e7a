"""The performance harness: workloads, open- and closed-loop drivers, reports. Nothing but tests knows it."""
