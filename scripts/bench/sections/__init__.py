"""The parts of the benchmark; each has `run(report, postmaster)`, its process id for its CPU."""
