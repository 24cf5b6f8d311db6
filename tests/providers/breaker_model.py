"""The breaker once more, as plainly as its specification reads: what the real one is compared with."""

from __future__ import annotations

from chapter_pipeline.providers.faults import Effect

FAILURES, WINDOW_S, RECOVERY_S, SUCCESSES = 5, 60.0, 60.0, 2


class PlainBreaker:
    """Times are seconds. Callers are numbers; each is remembered with the era in which it was let through."""

    def __init__(self) -> None:
        self.state = "CLOSED"
        self.since = 0.0
        self.era = 0
        self.run: list[float] = []
        self.hung = 0
        self.inside: dict[int, str] = {}
        self.good = 0
        self.eras: dict[int, int] = {}
        self.counts = {"success": 0, "failure": 0, "neutral": 0}

    def turn(self, state: str, now: float) -> None:
        self.state, self.since, self.era = state, now, self.era + 1
        self.run, self.hung, self.inside, self.good = [], 0, {}, 0

    def look(self, now: float) -> str:
        if self.state == "OPEN" and now - self.since >= RECOVERY_S:
            self.turn("HALF_OPEN", now)
        return self.state

    def admit(self, caller: int, owner: str, living: set[str], now: float) -> bool:
        state = self.look(now)
        if state == "CLOSED":
            self.eras[caller] = self.era
            return True
        if state != "HALF_OPEN":
            return False
        self.inside = {one: its for one, its in self.inside.items() if its in living}
        if len(self.inside) + self.good < SUCCESSES:
            self.inside[caller] = owner
            self.eras[caller] = self.era
            return True
        return False

    def record(self, caller: int, effect: Effect, now: float) -> None:
        self.look(now)
        failed = effect in (Effect.FAILURE, Effect.TIMEOUT)
        self.counts["failure" if failed or effect is Effect.ISOLATE else effect.value] += 1
        if effect is Effect.ISOLATE:
            self.turn("ISOLATED", now)
        elif self.eras[caller] == self.era:
            self.inside.pop(caller, None)
            if self.state == "CLOSED" and effect is Effect.SUCCESS:
                self.run, self.hung = [], 0
            elif self.state == "CLOSED" and failed:
                self.run.append(now)
                self.hung += effect is Effect.TIMEOUT
                lately = [at for at in self.run if now - at <= WINDOW_S]
                if len(lately) >= FAILURES or self.hung >= FAILURES:
                    self.turn("OPEN", now)
            elif self.state == "HALF_OPEN" and effect is Effect.SUCCESS:
                self.good += 1
                if self.good == SUCCESSES:
                    self.turn("CLOSED", now)
            elif self.state == "HALF_OPEN" and failed:
                self.turn("OPEN", now)
