"""Graph errors: codes, titles, HTTP status and the two shapes in which Meta tells them."""

from typing import Any

_TITLES = {
    0: "AuthException",
    1: "API Unknown",
    2: "API Service",
    3: "API Method",
    4: "API Too Many Calls",
    10: "Permission Denied",
    33: "Parameter value is not valid",
    100: "Invalid parameter",
    190: "Access token has expired",
    368: "Temporarily blocked for policies violations",
    80007: "Rate limit issues",
    130429: "Rate limit hit",
    130472: "User's number is part of an experiment",
    130497: "Business account is restricted from messaging users in this country",
    131000: "Something went wrong",
    131005: "Access denied",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131021: "Recipient cannot be sender",
    131026: "Message undeliverable",
    131030: "Recipient phone number not in allowed list",
    131031: "Business account has been locked",
    131037: "WhatsApp provided number needs display name approval before message can be sent",
    131042: "Business eligibility payment issue",
    131045: "Incorrect certificate",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "This message was not delivered to maintain healthy ecosystem engagement.",
    131050: "User has stopped marketing messages",
    131051: "Unsupported message type",
    131052: "Media download error",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    131057: "Account in maintenance mode",
    131062: "Message cannot be sent to a business-scoped user ID",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Template hydrated text too long",
    132007: "Template format character policy violated",
    132012: "Template parameter format mismatch",
    132015: "Template is paused",
    132016: "Template is disabled",
    133004: "Server temporarily unavailable",
    133010: "Phone number not registered",
    135000: "Generic user error",
}

_STATUSES = {
    0: 401,
    1: 500,
    2: 503,
    3: 500,
    10: 403,
    190: 401,
    368: 403,
    131000: 500,
    131005: 403,
    131016: 503,
    131031: 403,
    131057: 500,
    132001: 404,
    133004: 503,
}

_HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


class GraphError(Exception):
    """A refusal: Meta's code with its HTTP status and what was wrong in `details`.

    `message` replaces the usual title of the code; such errors carry no `error_data`,
    as those of the Graph API itself (paths, tokens, unknown objects).
    """

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        status: int = 0,
        message: str = "",
        kind: str = "OAuthException",
        subcode: int = 0,
    ) -> None:
        """Keep the parts; a `status` of 0 means the code's usual one."""
        super().__init__(f"(#{code}) {details}")
        self.code = code
        self.details = details
        self.status = status or _STATUSES.get(code, 400)
        self.message = message
        self.kind = kind
        self.subcode = subcode

    def body(self, trace: str) -> dict[str, Any]:
        """Return the JSON body of the HTTP answer."""
        error: dict[str, Any] = {
            "message": self.message or f"(#{self.code}) {title(self.code)}",
            "type": self.kind,
            "code": self.code,
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        if not self.message:
            error["error_data"] = {
                "messaging_product": "whatsapp",
                "details": self.details or title(self.code),
            }
        error["fbtrace_id"] = trace
        return {"error": error}


def title(code: int) -> str:
    """Return Meta's title of a code."""
    return _TITLES.get(code, "Something went wrong")


def missing(name: str) -> GraphError:
    """Return the refusal of a request without the parameter `name`."""
    return GraphError(131008, f"The parameter {name} is required.")


def invalid(details: str) -> GraphError:
    """Return the refusal of a parameter that has a wrong value."""
    return GraphError(131009, details)


def unsupported_object(object_id: str) -> GraphError:
    """Return what Graph says about an id that it doesn't know or show."""
    message = (
        f"Unsupported request. Object with ID '{object_id}' does not exist, cannot be loaded due to"
        " missing permissions, or does not support this operation."
    )
    return GraphError(100, message=message, kind="GraphMethodException", subcode=33)


def bad_token() -> GraphError:
    """Return the refusal of a missing or wrong access token."""
    return GraphError(190, message="Invalid OAuth access token - Cannot parse access token")


def webhook_error(code: int, details: str = "") -> dict[str, Any]:
    """Return an error as webhooks carry it in `errors`."""
    return {
        "code": code,
        "title": title(code),
        "message": title(code),
        "error_data": {"details": details or title(code)},
        "href": _HREF,
    }
