"""What happens in one run: people write, supervisors step in, things break; all from one seed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from shared.domain.guards import Guards
from shared.domain.rules import Rules
from shared.simulation.checks import Violation, check_all
from shared.simulation.meta import Human, MetaFaults
from shared.simulation.scheduler import START_MS, Coverage, Faults, Livelock, Scheduler
from shared.simulation.world import HOUR_MS, World

NUMBERS = {"1001": "acme", "1002": "acme", "2001": "other"}
ACTIVE_MS = 150_000
PATIENCE_MS = 12 * HOUR_MS

_NONE = ("",) * 4
_CRASHED_OFTEN = (*_NONE, "sender", "turn", "sweeper", "sweeper", "action", "owner", "recover", "admin")


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended."""

    seed: int
    violations: list[Violation]
    trace: list[str]


Event = Callable[["Scenario"], None]


def run_seed(seed: int, guards: Guards, coverage: Coverage, *, trace: bool = False) -> Report:
    """Live through one seed and check the promises."""
    rng = Random(seed)
    scheduler = Scheduler(rng, _faults(rng), coverage)
    if trace:
        scheduler.trace = []
    scenario = Scenario(scheduler, guards)
    try:
        scenario.play()
        found = check_all(scenario.world)
    except Livelock:
        found = [Violation("1 nothing lost", "the run goes round in circles")]
    return Report(seed, found, scheduler.trace or [])


def _faults(rng: Random) -> Faults:
    return Faults(
        crash=rng.choice((0.0, 0.002, 0.01, 0.03)),
        crash_often=rng.choice(_CRASHED_OFTEN),
        error=rng.choice((0.0, 0.0, 0.002, 0.01)),
        pause=rng.choice((0.0, 0.0, 0.005, 0.03)),
        pause_often=rng.choice(("", "", "", "turn", "sender")),
        duplicate=rng.choice((0.0, 0.1, 0.4)),
        latency_ms=rng.choice((0, 3, 40, 400)),
    )


def _meta_faults(rng: Random) -> MetaFaults:
    return MetaFaults(
        refuse=rng.choice((0.0, 0.0, 0.1, 0.4)),
        lose_request=rng.choice((0.0, 0.0, 0.05, 0.3)),
        lose_answer=rng.choice((0.0, 0.0, 0.05, 0.3)),
        drop_receipts=rng.choice((0.0, 0.3)),
        fail_later=rng.choice((0.0, 0.0, 0.15)),
        receipt_delay_ms=rng.choice((300, 3_000, 90_000)),
        webhook_delay_ms=rng.choice((0, 500, 5_000)),
    )


class Scenario:
    """The people of one run and what they do."""

    def __init__(self, scheduler: Scheduler, guards: Guards) -> None:
        """Draw the cast and the figures."""
        self._rng = scheduler.rng
        self._scheduler = scheduler
        rules = replace(
            Rules(),
            quiet_ms=self._rng.choice((0, 1_000, 3_000)),
            max_wait_ms=self._rng.choice((4_000, 15_000)),
            turns_per_hour=self._rng.choice((4, 30, 30)),
        )
        self.world = World(
            scheduler,
            _meta_faults(self._rng),
            rules,
            NUMBERS,
            guards,
            unavailable=self._rng.choice((0.0, 0.0, 0.1)),
            acting=self._rng.choice((0.0, 0.3)),
        )
        self._phones = 0
        self._active_ms = ACTIVE_MS
        if self._rng.random() < 0.1:
            self._lose_the_connection()
        for _ in range(self._rng.choice((1, 1, 2, 3))):
            self._newcomer()

    def _lose_the_connection(self) -> None:
        """Make most outcomes unclear, receipts slow, and senders stop in the middle."""
        faults = self.world.meta.faults
        faults.lose_answer, faults.lose_request, faults.drop_receipts = 0.4, 0.3, 0.2
        faults.receipt_delay_ms = 150_000
        self._scheduler.faults.pause_often = "sender"
        self._active_ms = 4 * ACTIVE_MS

    def play(self) -> None:
        """Let everything happen, then let it come to rest."""
        if self._rng.random() < 0.1:
            self._active_ms *= 3
        for _ in range(self._rng.randrange(2, 9) * self._active_ms // ACTIVE_MS):
            self._soon(self._rng.choice(self._EVENTS))
        if self._rng.random() < 0.4:
            for _ in range(self._rng.choice((1, 2, 5))):
                self._soon(Scenario._restart)
        if self._rng.random() < 0.85:
            self._sweep_every_minute()
        self._scheduler.run(START_MS + self._active_ms)
        if self._rng.random() < 0.1:
            self._scheduler.run(self._scheduler.now_ms + 25 * HOUR_MS)
            self._someone_writes()
            self._scheduler.run(self._scheduler.now_ms + ACTIVE_MS)
        self._come_to_rest()

    def _come_to_rest(self) -> None:
        often = self._scheduler.faults.crash_often
        self._scheduler.faults = Faults(latency_ms=3, crash_often=often if often == "admin" else "")
        self.world.meta.faults = MetaFaults()
        self._resume()
        self._until_quiet()
        if self._rng.random() < 0.5:
            self._give_everything_back()
            self._until_quiet()

    def _until_quiet(self) -> None:
        limit_ms = self._scheduler.now_ms + PATIENCE_MS
        while self._scheduler.now_ms < limit_ms and not self.world.unexpected:
            self._scheduler.run(self._scheduler.now_ms + 10 * 60_000)
            if self._quiet():
                return

    def _quiet(self) -> bool:
        world = self.world
        return not (world.meta.undelivered or world.bus.pending or world.tasks.pending)

    def _soon(self, event: Event) -> None:
        at_ms = START_MS + int(self._active_ms * self._rng.random() ** 2)
        self._scheduler.at(at_ms, lambda: event(self))

    def _sweep_every_minute(self) -> None:
        if self.world.unexpected:
            return
        self.world.run("sweeper", self.world.use_cases.sweep, lambda _error: None)
        self._scheduler.after(60_000, self._sweep_every_minute)

    # Who there is

    def _newcomer(self, phone: str = "") -> Human:
        rng, count = self._rng, len(self.world.meta.humans)
        self._phones += 1
        human = Human(
            name=f"human {count}",
            phone=phone or f"551198765{self._phones:04d}",
            bsuid=f"BR.{count}x0",
            hidden=not phone and rng.random() < 0.2,
        )
        human.legacy = not human.hidden and rng.random() < 0.2
        human.always_shown = not human.legacy
        self.world.meta.humans[human.name] = human
        return human

    def _someone(self) -> Human:
        return self._rng.choice(list(self.world.meta.humans.values()))

    def _number(self) -> str:
        return self._rng.choice(("1001", "1001", "1001", "1001", "1002", "2001"))

    # What they do

    def _someone_writes(self) -> None:
        human, number = self._someone(), self._number()
        self._burst(human, number, self._rng.choice((1, 1, 2, 3, 4)))

    def _burst(self, human: Human, number: str, count: int) -> None:
        delay_ms = 0
        for _ in range(count):
            self._scheduler.after(delay_ms, lambda: self._line(human, number))
            delay_ms += self._rng.choice((0, 200, 1_500, 4_000, 20_000))

    def _line(self, human: Human, number: str) -> None:
        roll = self._rng.random()
        meta = self.world.meta
        if roll < 0.86:
            meta.write(human, number)
        elif roll < 0.90:
            meta.write(human, number, token=f"[{len(meta.written)}] person")
        else:
            meta.write(human, number, kind=self._rng.choice(("sparkle", "reaction", "audio")))

    def _old_message(self) -> None:
        self.world.meta.write(self._someone(), self._number(), late_ms=25 * HOUR_MS)

    def _foreign(self) -> None:
        self.world.meta.write(self._someone(), "9009")

    def _orphan(self) -> None:
        self.world.meta.orphan(self._number())

    def _takeover(self) -> None:
        human, owner = self._someone(), self._rng.choice(("person:ana", "person:ana", "paused"))
        delay_ms = 0
        if self._rng.random() < 0.5:
            self._burst(human, "1001", 1)
            delay_ms = self.world.rules.quiet_ms + self._rng.randrange(9_000)
        self._scheduler.after(delay_ms, lambda: self._own(human, owner))
        if self._rng.random() < 0.7:
            delay_ms += self._rng.choice((10, 2_000, 20_000, 60_000))
            self._scheduler.after(delay_ms, lambda: self._own(human, "agent"))

    def _own(self, human: Human, owner: str) -> None:
        key = human.bsuid

        def work() -> None:
            for business in ("acme", "other"):
                if self.world.use_cases.view(business, key) is not None:
                    self.world.use_cases.set_owner(business, key, owner)

        self.world.until_done("owner", work)

    def _give_everything_back(self) -> None:
        for human in self.world.meta.humans.values():
            self._own(human, "agent")

    def _echo(self) -> None:
        self.world.meta.echo(self._someone(), self._number(), "typed on the phone")

    def _hide_or_show(self) -> None:
        human = self._someone()
        human.hidden, human.legacy = not human.hidden, False
        self._burst(human, self._number(), 1)

    def _change_number(self) -> None:
        human = self._someone()
        before = {"phone": human.phone, "bsuid": human.bsuid}
        self._phones += 1
        human.phone = f"551198765{self._phones:04d}"
        human.bsuid += "x"
        human.legacy = False
        self.world.meta.system(human, "1001", before)
        self._burst(human, "1001", 1)
        if human.always_shown and self._rng.random() < 0.5:
            delay_ms = self._rng.choice((5_000, 30_000))
            self._scheduler.after(delay_ms, lambda: self._recycled(before["phone"]))

    def _recycled(self, phone: str) -> None:
        human = self._newcomer(phone)
        human.legacy = False
        self._burst(human, "1001", self._rng.choice((1, 2)))

    def _resume(self) -> None:
        for number, business in NUMBERS.items():
            resume = partial(self.world.use_cases.resume_number, business, number)
            self.world.until_done("admin", resume)

    def _restart(self) -> None:
        self.world.restart()

    _EVENTS = (
        _someone_writes,
        _someone_writes,
        _someone_writes,
        _someone_writes,
        _someone_writes,
        _takeover,
        _takeover,
        _echo,
        _hide_or_show,
        _change_number,
        _old_message,
        _foreign,
        _orphan,
        _resume,
    )
