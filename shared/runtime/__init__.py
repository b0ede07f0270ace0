"""Every function in one process, on the embedded adapters, beside the simulator."""
