"""The benchmarks: each module's `run` measures one thing and returns its figures."""
