"""The ports on SQLite files in one data folder: durable, for one process, nothing to install."""
