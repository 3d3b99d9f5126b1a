"""What every client must show its user. The same list as e2e/sdk/support/cases.ts, shorter where Node tests the gateway.

A client's script defines a `Client` and calls `run`. Each case becomes one line of JSON on standard output:
{"case": ..., "ok": true} or {"case": ..., "ok": false, "why": ...}.
"""

import base64
import json
import os
import traceback
from dataclasses import dataclass, field
from typing import Callable, Protocol
from urllib.request import urlopen

ORIGIN = os.environ["SWITCHYARD_ORIGIN"]
# Of the models' provider: it waits at a word until this side has seen it.
PROVIDER = os.environ["SWITCHYARD_PROVIDER"]
KEYS = {name: os.environ[f"SWITCHYARD_KEY_{name.upper()}"] for name in ("rich", "poor", "slow")}
MODELS = os.environ["SWITCHYARD_MODELS"].split(",")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass
class Said:
    text: str
    finish: str
    input_tokens: int
    output_tokens: int
    reasoning: str = ""


@dataclass
class Kind:
    name: str
    open: Callable[[str, int | None], "Client"]
    error_class: type[Exception]
    stop: str
    # None: an answer that was cut is an error for this client when it streams.
    length: str | None
    input_tokens: int
    shows_reasoning: bool
    # Refusals and the class to catch for each.
    errors: dict[str, type[Exception]] = field(default_factory=dict)


class Client(Protocol):
    """`on_text` gets each piece of a stream, and may raise to leave in the middle."""

    def ask(self, model: str, prompt: str, picture: bytes | None = None) -> Said: ...
    def stream(self, model: str, prompt: str, on_text: Callable[[str], None]) -> Said: ...
    def use_tool(self, model: str, prompt: str, get_weather: Callable[[str], str]) -> str: ...
    def report(self, model: str, prompt: str) -> dict: ...


class Left(Exception):
    """Raised to leave in the middle of a stream."""


def run(kind: Kind) -> None:
    def case(name: str, check: Callable[[], None]) -> None:
        line = {"case": f"{kind.name}: {name}", "ok": True}
        try:
            check()
        except Exception as error:
            line |= {"ok": False, "why": "".join(traceback.format_exception(error, limit=-3, chain=False))}
        print(json.dumps(line), flush=True)

    client = kind.open(KEYS["rich"], 0)
    case("demo answers", lambda: demo_answers(kind, client))
    case("demo calls a tool", lambda: demo_calls_tool(client))
    case("demo thinks", lambda: demo_thinks(kind, client))
    for model in MODELS:
        case(f"{model} answers and streams", lambda: answers(kind, client, model))
        case(f"{model} shows each word at once", lambda: shows_at_once(client, model))
        case(f"{model} shows reasoning and length", lambda: ends(kind, client, model))
        case(f"{model} sees a picture", lambda: sees(client, model))
        case(f"{model} reports by a schema", lambda: reports(client, model))
        case(f"{model} calls two tools", lambda: calls_tools(client, model))
        case(f"{model} breaks off with an error", lambda: breaks_off(kind, client, model))
        case(f"{model} can be left", lambda: leaves(client, model))
    for name, error_class in kind.errors.items():
        case(f"{name} is {error_class.__name__}", lambda: refuses(kind, name, error_class))


def demo_answers(kind: Kind, client: Client) -> None:
    said = client.ask("demo", "Hello!")
    assert "Mote" in said.text or "ello" in said.text or "Hi" in said.text, said
    assert said.finish == kind.stop, said
    assert said.output_tokens > 0, said


def demo_calls_tool(client: Client) -> None:
    asked: list[str] = []
    text = client.use_tool("demo", "What's the weather in Lisbon?", lambda city: asked.append(city) or "21C and clear")
    assert asked == ["Lisbon"], asked
    assert "21" in text, text


def demo_thinks(kind: Kind, client: Client) -> None:
    said = client.ask("demo-think", "What is 2 + 2?")
    assert "4" in said.text, said
    assert (said.reasoning != "") == kind.shows_reasoning, said


def answers(kind: Kind, client: Client, model: str) -> None:
    wanted = Said("You said: Good morning", kind.stop, kind.input_tokens, 30)
    said = client.ask(model, "Good morning")
    assert said == wanted, said
    said = client.stream(model, "Good morning", lambda _: None)
    assert said == wanted, said


def shows_at_once(client: Client, model: str) -> None:
    pieces: list[str] = []

    def show(piece: str) -> None:
        pieces.append(piece)
        urlopen(f"{PROVIDER}/seen").close()

    said = client.stream(model, "Please wait for me", show)
    assert said.text == "First one word, then the rest.", said
    assert pieces[0] == "First " and "".join(pieces) == said.text, pieces


def ends(kind: Kind, client: Client, model: str) -> None:
    thought = client.ask(model, "Please think")
    assert thought.text == "Then I answer.", thought
    assert thought.reasoning == ("First I think." if kind.shows_reasoning else ""), thought
    try:
        cut = client.stream(model, "Tell too much", lambda _: None)
    except kind.error_class:
        assert kind.length is None
        return
    assert (cut.text, cut.finish) == ("Once upon a time", kind.length), cut


def sees(client: Client, model: str) -> None:
    said = client.ask(model, "What is this?", PIXEL)
    assert said.text == f"I see image/png of {len(PIXEL)} bytes.", said


def reports(client: Client, model: str) -> None:
    report = client.report(model, "Report on Lisbon")
    assert report == {"city": "Lisbon", "celsius": 21}, report


def calls_tools(client: Client, model: str) -> None:
    asked: list[str] = []

    def get_weather(city: str) -> str:
        asked.append(city)
        return {"Lisbon": "21C", "Paris": "12C"}[city]

    text = client.use_tool(model, "The weather in Lisbon and Paris?", get_weather)
    assert text == "The tool said: 21C, 12C.", text
    assert sorted(asked) == ["Lisbon", "Paris"], asked


def breaks_off(kind: Kind, client: Client, model: str) -> None:
    try:
        said = client.stream(model, "Now break off", lambda _: None)
    except kind.error_class:
        return
    raise AssertionError(f"taken for a whole answer: {said}")


def leaves(client: Client, model: str) -> None:
    def leave(_: str) -> None:
        raise Left

    try:
        client.stream(model, "Go on forever", leave)
    except Left:
        return
    raise AssertionError("the stream ended before it could be left")


REFUSALS = {
    # name: key, model, prompt, status, retries (None: as the client does by itself)
    "wrong key": ("sk-test-wrong", "demo", "Hello!", 401, None),
    "no money": (KEYS["poor"], "demo", "Hello!", 402, None),
    "unknown model": (KEYS["rich"], "nothing", "Hello!", 404, None),
    "too fast": (KEYS["slow"], "demo", "Hello!", 429, 0),
    "no node": (KEYS["rich"], "elsewhere", "Hello!", 503, 0),
    "bad prompt": (KEYS["rich"], "resold-chat", "too long a prompt", 400, 0),
}


def refuses(kind: Kind, name: str, error_class: type[Exception]) -> None:
    key, model, prompt, status, retries = REFUSALS[name]
    try:
        said = kind.open(key, retries).ask(model, prompt)
    except error_class as error:
        assert error.status_code == status, repr(error)
        return
    raise AssertionError(f"not refused: {said}")
