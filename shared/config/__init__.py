"""Settings, read from the process environment in one place."""
