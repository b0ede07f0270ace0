"""The ports kept in memory: the simulation's heart, and fast tests."""
