"""The performance harness: workloads, open- and closed-loop drivers, reports. It knows the gateway, nothing knows it."""
