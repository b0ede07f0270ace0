"""Every error that crosses a module's border.

AtendeError
├── Retryable            nothing was lost; the platform delivers again
│   ├── Conflict         a precondition no longer held
│   ├── StoreUnavailable
│   ├── BusUnavailable
│   ├── TasksUnavailable
│   └── AssistantUnavailable
├── AlreadyExists        a create met an existing document
├── Missing              an update met no document
├── UnknownPerson        an identifier that leads to nobody
├── BadEnvelope          a delivery that is not in its platform's shape
└── Misconfigured        a setting is missing or invalid; ends the start
"""


class AtendeError(Exception):
    """Root of every error raised on purpose."""


class Retryable(AtendeError):
    """Nothing was lost: the same delivery may be handled again, later."""


class Conflict(Retryable):
    """A precondition no longer held; read again and decide anew."""


class StoreUnavailable(Retryable):
    """The document store did not answer; whether it committed is unknown."""


class BusUnavailable(Retryable):
    """The event bus did not confirm the publish; it may have happened."""


class TasksUnavailable(Retryable):
    """The task queue did not confirm the task; it may exist."""


class AssistantUnavailable(Retryable):
    """The assistant gave no usable decision in time."""


class AlreadyExists(AtendeError):
    """A create met a document that is already there."""

    def __init__(self, path: str) -> None:
        """Remember which document it was."""
        super().__init__(path)
        self.path = path


class Missing(AtendeError):
    """An update or a delete met no document."""

    def __init__(self, path: str) -> None:
        """Remember which document it was."""
        super().__init__(path)
        self.path = path


class BadEnvelope(AtendeError):
    """A delivery that is not in the shape of its platform."""


class Misconfigured(AtendeError):
    """A setting is missing or invalid; the message names it."""


class UnknownPerson(AtendeError):
    """No person of this business has that phone or user id."""
