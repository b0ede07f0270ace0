"""The error of whoever drives the simulator."""


class Mistake(ValueError):
    """What was asked of the simulator can't be done; the message says why."""
