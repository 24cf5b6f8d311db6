"""What other processes do in the tests of what processes share: run as ``python -m tests.providers.callers WHAT ...``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pydantic import SecretStr

from chapter_pipeline.providers.call import ModelCall
from chapter_pipeline.providers.gateway import CallPolicy
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger import Caps
from chapter_pipeline.storage.presence import Presence
from chapter_pipeline.storage.slots import CallSlots
from tests.providers.conftest import PLENTY, gateway
from tests.providers.test_adapters import MODELS, Finding, adapter, call


def say(word: str) -> None:
    print(word, flush=True)


def hold_slot(database: Database, limit: int) -> None:
    """Take a slot and keep it until killed."""
    with CallSlots(Presence(database)).slot("claude", limit, deadline_s=10):
        say("held")
        time.sleep(60)


def probe(database: Database) -> None:
    """Be let through a half-open breaker and never come back."""
    BreakerStore(database, Presence(database)).admit("claude")
    say("in")
    time.sleep(60)


def numbered(number: int) -> ModelCall:
    one = call()
    return ModelCall(**{**{name: getattr(one, name) for name in one.__slots__}, "variant": str(number)})


def ask(database: Database, url: str, first: int, count: int, cap: str) -> None:
    """Ask for `count` replies, one after the other; faults and refusals are nothing special."""
    caps = Caps(call_usd=PLENTY.call_usd, chapter_usd=PLENTY.chapter_usd, day_usd=PLENTY.day_usd.__class__(cap))
    apis = ("claude", "gpt", "gemini")
    adapters = [adapter(api, url + ("/v1" if api == "gpt" else "")) for api in apis]
    policy = CallPolicy(first_wait_s=0.005, deadline_s=20, slots=8)
    with gateway(database, *adapters, policy=policy, caps=caps) as asked:
        say("ready")
        for number in range(first, first + count):
            api = apis[number % len(apis)]
            try:
                context = CallContext(chapter=f"chapter-{number % 5}")
                asked.ask(api, MODELS[api], numbered(number), reply_type=Finding, context=context)
                say("answered")
            except Exception as error:  # noqa: BLE001 - told to the test
                say(type(error).__name__)


def main() -> None:
    what, url, *rest = sys.argv[1:]
    database = Database.open(Settings(home=Path("unused"), database_url=SecretStr(url)))
    match what:
        case "slot":
            hold_slot(database, int(rest[0]))
        case "probe":
            probe(database)
        case "ask":
            ask(database, rest[0], int(rest[1]), int(rest[2]), rest[3])


if __name__ == "__main__":
    main()
