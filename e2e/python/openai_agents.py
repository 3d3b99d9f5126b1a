"""OpenAI's Agents SDK on both of its surfaces."""

import asyncio
import base64

from agents import (
    Agent,
    AgentsException,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI, OpenAIError
from openai.types.shared import Reasoning
from pydantic import BaseModel

from openai_errors import ERRORS
from table import ORIGIN, Kind, Said, run

# One loop for all runs: connections belong to theirs.
LOOP = asyncio.new_event_loop()
# Traces would go to OpenAI.
set_tracing_disabled(True)


class Report(BaseModel):
    city: str
    celsius: float


class Agents:
    def __init__(self, key, retries, model_class):
        limit = {} if retries is None else {"max_retries": retries}
        self.client = AsyncOpenAI(base_url=f"{ORIGIN}/v1", api_key=key, **limit)
        self.model_class = model_class

    def agent(self, model, **more):
        return Agent(
            name="Helper",
            model=self.model_class(model=model, openai_client=self.client),
            model_settings=ModelSettings(temperature=0, include_usage=True, reasoning=Reasoning(summary="auto")),
            **more,
        )

    def ask(self, model, prompt, picture=None):
        return say(run_agent(self.agent(model), user(prompt, picture)))

    def stream(self, model, prompt, on_text):
        async def streamed():
            result = Runner.run_streamed(self.agent(model), user(prompt))
            async for event in result.stream_events():
                if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                    on_text(event.data.delta)
            return say(result)

        return LOOP.run_until_complete(streamed())

    def use_tool(self, model, prompt, get_weather):
        @function_tool(name_override="get_weather", description_override="Get the current weather for a city")
        def weather(city: str) -> str:
            return get_weather(city)

        return run_agent(self.agent(model, tools=[weather]), user(prompt)).final_output

    def report(self, model, prompt):
        return run_agent(self.agent(model, output_type=Report), user(prompt)).final_output.model_dump()


def run_agent(agent, prompt):
    return LOOP.run_until_complete(Runner.run(agent, prompt))


def user(prompt, picture=None):
    content = [{"type": "input_text", "text": prompt}]
    if picture is not None:
        url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        content.append({"type": "input_image", "image_url": url, "detail": "auto"})
    return [{"role": "user", "content": content}]


def say(result):
    usage = result.context_wrapper.usage
    return Said(
        text=result.final_output,
        finish="",
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        reasoning="".join(
            part.text
            for item in result.new_items
            if item.type == "reasoning_item"
            for part in [*item.raw_item.summary, *(item.raw_item.content or [])]
        ),
    )


def kind(name, model_class, length):
    return Kind(
        name=name,
        open=lambda key, retries: Agents(key, retries, model_class),
        error_class=(OpenAIError, AgentsException),
        # It shows no reason of an end.
        stop="",
        length=length,
        input_tokens=100,
        shows_reasoning=True,
        errors=ERRORS,
    )


run(kind("openai-agents chat", OpenAIChatCompletionsModel, length=""))
run(kind("openai-agents responses", OpenAIResponsesModel, length=None))
