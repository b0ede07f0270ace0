"""What makes the webhook's server fast: uvicorn takes both by itself where they are installed.

With them a request costs half the processor time. To import them is to deploy them, and lets
a start without them fail instead of being slow.
"""

import httptools
import uvloop

__all__ = ["httptools", "uvloop"]
