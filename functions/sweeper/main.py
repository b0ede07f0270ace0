"""Cloud entry point: every minute, what got stuck is found and woken.

Trigger: Cloud Scheduler, every minute.
"""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared.wiring import container, scheduler


@functions_framework.http
def sweeper(request: Request) -> ResponseReturnValue:
    """Handle one tick."""
    return scheduler.tick(request, name="sweeper", to=container.get().use_cases.sweep)
