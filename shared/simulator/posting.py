"""Posts to `/messages`: Meta's rules in Meta's order, and the faults asked for."""

from shared.simulator import checks, identifiers, template_book
from shared.simulator.agenda import Agenda
from shared.simulator.graph_errors import GraphError, bad_token, invalid, missing, unsupported_object
from shared.simulator.limits import take_pair_token, window_open
from shared.simulator.previews import preview
from shared.simulator.records import Answer, Chat, Customer, Json, Message, Number, Post, Value
from shared.simulator.state import State

TYPING_MS = 25_000
_ERROR_CODES = {429: 130429, 503: 131016}


class Posting:
    """Answers posts as Graph does."""

    def __init__(self, state: State, agenda: Agenda) -> None:
        """Work on this state and plan receipts in this agenda."""
        self._state = state
        self._agenda = agenda

    def post(self, number_id: str, body: Value, *, token_ok: bool) -> Answer:
        """Decide one post and journal it; nothing raises for what the body holds."""
        post = Post(
            seq=self._state.next_serial(),
            at_ms=self._state.now_ms,
            number_id=number_id,
            body=body,
            status=200,
        )
        answer = self._answered(post, token_ok=token_ok)
        self._state.put_post(post)
        return answer

    def _answered(self, post: Post, *, token_ok: bool) -> Answer:
        read = isinstance(post.body, dict) and "status" in post.body
        faulty = token_ok and (not read or self._state.faults.scope == "all")
        delay_ms = self._state.faults.latency_ms if faulty else 0
        try:
            number = self._number(post.number_id, token_ok=token_ok)
            if faulty and self._trips("lose"):
                post.status, post.outcome, post.cut = 0, "lost", True
                return Answer(0, {}, cut=True, delay_ms=delay_ms)
            if faulty:
                self._break()
            content = checks.check_envelope(post.body)
            accepted = self._read(number, content) if read else self._message(number, content, post)
        except GraphError as error:
            post.status, post.code, post.outcome = error.status, error.code, "refused"
            return Answer(error.status, error.body(identifiers.trace(self._state.chance)), delay_ms=delay_ms)
        post.cut = faulty and self._trips("cut")
        return Answer(200, accepted, cut=post.cut, delay_ms=delay_ms)

    def _number(self, number_id: str, *, token_ok: bool) -> Number:
        if not token_ok:
            raise bad_token()
        number = self._state.numbers.get(number_id)
        if number is None:
            raise unsupported_object(number_id)
        return number

    def _trips(self, fault: str) -> bool:
        faults = self._state.faults
        left = getattr(faults, f"{fault}_next")
        if left > 0:
            setattr(faults, f"{fault}_next", left - 1)
            self._state.touch("faults", "faults", faults)
            return True
        probability: float = getattr(faults, f"{fault}_probability")
        return probability > 0 and self._state.chance.random() < probability

    def _break(self) -> None:
        faults = self._state.faults
        if self._trips("error"):
            status = faults.error_status
            code = _ERROR_CODES.get(status, 131000 if status >= 500 else 100)
            raise GraphError(code, "The simulator was asked for this error.", status=status)
        if self._trips("refuse"):
            raise GraphError(faults.refuse_code, "The simulator was asked for this refusal.")

    def _read(self, number: Number, body: Json) -> Json:
        if body["status"] != "read":
            raise GraphError(100, "Param status must be one of {READ}.")
        wamid = body.get("message_id")
        if wamid is None:
            raise missing("message_id")
        message = self._state.messages.get(wamid) if isinstance(wamid, str) else None
        if message is None or message.direction != "in" or not message.chat.startswith(f"{number.id}:"):
            raise invalid("Message ID is invalid or unknown to this number.")
        typing = body.get("typing_indicator")
        if typing is not None and not (isinstance(typing, dict) and typing.get("type") == "text"):
            raise invalid("typing_indicator['type'] must be text")
        chat = self._state.chats[message.chat]
        self._mark_read(chat, message)
        if typing is not None:
            chat.typing_until_ms = self._state.now_ms + TYPING_MS
            self._state.touch("chat", chat.key, chat)
        return {"success": True}

    def _mark_read(self, chat: Chat, newest: Message) -> None:
        for message in reversed(self._state.lines[chat.key]):
            if message.seq <= chat.answered_seq:
                break
            if message.direction == "in" and message.seq <= newest.seq and message.status != "read":
                message.status = "read"
                message.times["read"] = self._state.now_ms
                self._state.touch("message", message.id, message)
        chat.answered_seq = max(chat.answered_seq, newest.seq)
        self._state.touch("chat", chat.key, chat)

    def _message(self, number: Number, body: Json, post: Post) -> Json:
        state, now_ms = self._state, self._state.now_ms
        target, by_phone = checks.recipient(body)
        kind, content = checks.check_message(body)
        if state.throughput[number.id].full(now_ms):
            raise GraphError(130429, "Cloud API message throughput has been reached.")
        customer = self._customer(number, target, by_phone=by_phone)
        post.customer_id = customer.id
        chat = state.chat(number.id, customer)
        text, category = self._ready(chat, kind, content)
        late_code = self._late_code(chat, kind)
        if not take_pair_token(chat, now_ms):
            raise GraphError(131056, "Too many messages sent from this number to the same person.")
        state.touch("chat", chat.key, chat)
        state.throughput[number.id].note(now_ms)
        message = Message(
            id=identifiers.wamid(state.chance, target, incoming=False),
            chat=chat.key,
            seq=state.next_serial(),
            direction="out",
            kind=kind,
            content=content,
            at_ms=now_ms,
            status="accepted",
            text=text,
            context_id=(body.get("context") or {}).get("message_id", ""),
            opaque=body.get("biz_opaque_callback_data"),
            by_phone=by_phone,
            category=category,
            error_code=late_code,
        )
        state.put_message(message)
        post.message_id = message.id
        self._plan(message)
        return self._accepted(message, customer, target)

    def _customer(self, number: Number, target: str, *, by_phone: bool) -> Customer:
        if by_phone and identifiers.digits(target) == number.display:
            raise GraphError(131021, "Sender and recipient phone number is the same.")
        customer = self._state.by_phone(target) if by_phone else self._state.by_user_id(target)
        if customer is None or not customer.phone:
            raise GraphError(131026, "The recipient is not a WhatsApp user.")
        return customer

    def _ready(self, chat: Chat, kind: str, content: Value) -> tuple[str, str]:
        """Return text and category of a message that may go now."""
        if kind == "template":
            template = template_book.chosen(self._state.templates, content)
            return template_book.rendered(template, content), template.category.lower()
        if not window_open(chat, self._state.now_ms) and not self._state.faults.late_window_refusal:
            raise GraphError(
                131047,
                "Message failed to send because more than 24 hours have passed since the customer"
                " last replied to this number.",
            )
        if kind == "reaction":
            target = self._state.messages.get(content["message_id"])
            if target is None or target.chat != chat.key or target.kind == "reaction":
                raise invalid("reaction['message_id'] is not a message of this chat")
        return preview(kind, content), "service"

    def _late_code(self, chat: Chat, kind: str) -> int:
        if kind != "template" and not window_open(chat, self._state.now_ms):
            return 131047
        return self._state.faults.fail_code if self._trips("fail") else 0

    def _plan(self, message: Message) -> None:
        if message.error_code:
            self._agenda.plan_failure(message)
            return
        self._agenda.plan_delivery(message)
        if message.kind == "reaction":
            target = self._state.messages[message.content["message_id"]]
            target.reactions["business"] = message.content.get("emoji", "")
            self._state.touch("message", target.id, target)

    def _accepted(self, message: Message, customer: Customer, target: str) -> Json:
        contact = {"input": target}
        if message.by_phone:
            contact["wa_id"] = customer.phone
        else:
            contact["user_id"] = customer.user_id
        told = {"id": message.id}
        if message.kind == "template":
            told["message_status"] = "accepted"
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [told]}
