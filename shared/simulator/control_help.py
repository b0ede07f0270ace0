"""What the control API offers: the one list behind its routes, its documentation and the page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `path` lies below `/simulator/api`, `body` shows the JSON that it takes."""

    method: str
    path: str
    handler: str
    body: str
    does: str


HELP = (
    Call("GET", "/help", "help", "", "this list, all faults, all message kinds"),
    Call("GET", "/state", "state", "", "numbers, customers, templates, faults, pending webhooks"),
    Call("GET", "/live", "live", "", "server-sent events: message, chat, customer, faults, reset"),
    Call(
        "POST",
        "/customers",
        "create_customer",
        '{"name", "phone", "username", "hidden", "reads", "user_id", "recycle"}',
        "a new customer; everything may be left out; `reads` is page, auto or never; `recycle` takes the"
        " phone away from its holder",
    ),
    Call(
        "PATCH",
        "/customers/{customer}",
        "change_customer",
        '{"name", "username", "hidden", "reads"}',
        "change a customer; `customer` is our id, a phone or a user id, here and below",
    ),
    Call(
        "POST",
        "/customers/{customer}/number",
        "change_number",
        '{"phone", "recycle"}',
        "change the phone and with it the user id; a system message tells the business",
    ),
    Call(
        "POST",
        "/customers/{customer}/messages",
        "send",
        '{"kind": "text", "text": "oi", "number", "reply_to", "forwarded", "timestamp_ms"}',
        "write as the customer; kinds and their arguments are below",
    ),
    Call(
        "POST",
        "/customers/{customer}/open",
        "look",
        '{"open": true, "seconds", "number"}',
        "open or close the chat on the phone; what was delivered is read while it is open",
    ),
    Call(
        "POST",
        "/customers/{customer}/window",
        "close_window",
        '{"number"}',
        "close the 24-hour window; the next message opens it",
    ),
    Call(
        "GET",
        "/customers/{customer}/chat",
        "chat",
        "?number=&after=&limit=",
        "messages and posts of a chat with their times",
    ),
    Call(
        "GET",
        "/posts",
        "posts",
        "?after=&limit=",
        "every post to /messages: body, time, status, code, outcome",
    ),
    Call("GET", "/faults", "get_faults", "", "the faults"),
    Call("PATCH", "/faults", "set_faults", '{"cut_next": 1}', "replace the named faults"),
    Call("DELETE", "/faults", "clear_faults", "", "switch every fault off"),
    Call(
        "PUT",
        "/templates",
        "template",
        '{"name", "language", "category", "status", "body", "header", "footer", "buttons"}',
        "add or change a template",
    ),
    Call("GET", "/webhooks", "webhooks", "", "webhooks that were not answered with 200 yet"),
    Call("POST", "/webhooks", "send_webhook", '{"body": {}}', "sign and send any body, whatever it is"),
    Call("POST", "/webhooks/retry", "retry_webhooks", "{}", "try every failed webhook at once"),
    Call(
        "POST",
        "/media",
        "upload",
        '{"mime_type", "data", "filename"}',
        "keep a file (base64) for a customer to send; the answer's id is a `media_id`",
    ),
    Call("GET", "/media/{media_id}", "media", "", "a file that a customer sent"),
    Call("POST", "/reset", "reset", "{}", "forget customers, chats, faults, callbacks and pending webhooks"),
)
