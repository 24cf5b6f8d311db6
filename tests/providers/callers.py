"""What other processes do in the tests of what processes share: run as ``python -m tests.providers.callers WHAT ...``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from chapter_pipeline.providers.call import ModelCall
from chapter_pipeline.providers.gateway import CallPolicy
from chapter_pipeline.providers.ledger import CallContext
from chapter_pipeline.settings import Settings
from chapter_pipeline.storage.breakers import BreakerStore
from chapter_pipeline.storage.database import Database
from chapter_pipeline.storage.ledger import Caps
from chapter_pipeline.storage.process_lease import ProcessLease
from chapter_pipeline.storage.semaphore import CallSemaphore
from tests.providers.conftest import PLENTY, gateway
from tests.providers.fault_server import FaultServer, answer, in_turn
from tests.providers.test_adapters import MODELS, Finding, adapter, call


def say(word: str) -> None:
    print(word, flush=True)


def hold_slot(database: Database, limit: int) -> None:
    """Take a slot and keep it until killed."""
    with CallSemaphore(ProcessLease(database)).slot("claude", limit, deadline_s=60):
        say("held")
        time.sleep(3600)


def probe(database: Database) -> None:
    """Be let through a half-open breaker and never come back."""
    BreakerStore(database, ProcessLease(database)).admit("claude")
    say("in")
    time.sleep(3600)


def numbered(number: int) -> ModelCall:
    one = call()
    return ModelCall(**{**{name: getattr(one, name) for name in one.__slots__}, "variant": str(number)})


def ask(database: Database, url: str, first: int, count: int, cap: str) -> None:
    """Ask for `count` replies, one after the other; faults and refusals are nothing special."""
    caps = Caps(call_usd=PLENTY.call_usd, chapter_usd=PLENTY.chapter_usd, day_usd=PLENTY.day_usd.__class__(cap))
    apis = ("claude", "gpt", "gemini")
    adapters = [adapter(api, url + ("/v1" if api == "gpt" else "")) for api in apis]
    policy = CallPolicy(first_wait_s=0.005, deadline_s=120, slots=8)
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


def serve(delay_s: float) -> None:
    """Answer every request after `delay_s`, in a process of its own: what it does must not slow down who asks."""
    with FaultServer(in_turn(answer('{"value": "it"}', delay_s=delay_s))) as server:
        say(server.url)
        time.sleep(600)


@contextmanager
def process(database: Database, what: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Another process that does `what`, killed at the end."""
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.providers.callers", what, url, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def said(started: subprocess.Popen[str]) -> str:
    """The next word of another process."""
    assert started.stdout is not None
    return started.stdout.readline().strip()


def main() -> None:
    what, url, *rest = sys.argv[1:]
    if what == "serve":
        serve(float(rest[0]))
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
