import base64

import anthropic
from anthropic import Anthropic, beta_tool
from pydantic import BaseModel

from table import ORIGIN, Kind, Said, run


class Report(BaseModel):
    city: str
    celsius: float


class Messages:
    def __init__(self, key, retries):
        limit = {} if retries is None else {"max_retries": retries}
        self.client = Anthropic(base_url=ORIGIN, auth_token=key, **limit)

    def ask(self, model, prompt, picture=None):
        return say(self.client.messages.create(**body(model, prompt, picture)))

    def stream(self, model, prompt, on_text):
        with self.client.messages.stream(**body(model, prompt)) as stream:
            for text in stream.text_stream:
                on_text(text)
            return say(stream.get_final_message())

    def use_tool(self, model, prompt, get_weather):
        @beta_tool(name="get_weather", description="Get the current weather for a city")
        def weather(city: str) -> str:
            return get_weather(city)

        return text_of(self.client.beta.messages.tool_runner(**body(model, prompt), tools=[weather]).until_done())

    def report(self, model, prompt):
        return self.client.messages.parse(**body(model, prompt), output_format=Report).parsed_output.model_dump()


def body(model, prompt, picture=None):
    content = [{"type": "text", "text": prompt}]
    if picture is not None:
        data = base64.b64encode(picture).decode()
        content.append({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}})
    # `temperature` left the package's parameters; local models still take it.
    return {
        "model": model,
        "max_tokens": 300,
        "messages": [{"role": "user", "content": content}],
        "extra_body": {"temperature": 0},
    }


def text_of(answer):
    return "".join(block.text for block in answer.content if block.type == "text")


def say(answer):
    return Said(
        text=text_of(answer),
        finish=answer.stop_reason,
        input_tokens=answer.usage.input_tokens,
        output_tokens=answer.usage.output_tokens,
        reasoning="".join(block.thinking for block in answer.content if block.type == "thinking"),
    )


run(
    Kind(
        name="anthropic",
        open=Messages,
        error_class=anthropic.AnthropicError,
        stop="end_turn",
        length="max_tokens",
        input_tokens=80,
        shows_reasoning=True,
        errors={
            "wrong key": anthropic.AuthenticationError,
            "no money": anthropic.PaymentRequiredError,
            "unknown model": anthropic.NotFoundError,
            "too fast": anthropic.RateLimitError,
            "no node": anthropic.InternalServerError,
            "bad prompt": anthropic.BadRequestError,
        },
    )
)
