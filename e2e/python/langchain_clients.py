"""LangChain's ChatOpenAI on both of its surfaces, with LangGraph's ready-made agent as the loop of tools."""

import base64

from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent
from openai import OpenAIError
from pydantic import BaseModel

from openai_errors import ERRORS
from table import ORIGIN, Kind, Said, run


class Report(BaseModel):
    city: str
    celsius: float


class Chain:
    def __init__(self, key, retries, responses):
        self.settings = {
            "base_url": f"{ORIGIN}/v1",
            "api_key": key,
            "temperature": 0,
            "use_responses_api": responses,
            # Off by itself for any address but OpenAI's: streams would have no usage.
            "stream_usage": True,
            # It shows reasoning only as a summary, and that is sent to who asks for it.
            **({"reasoning": {"summary": "auto"}} if responses else {}),
            **({} if retries is None else {"max_retries": retries}),
        }

    def model(self, name):
        return ChatOpenAI(model=name, **self.settings)

    def ask(self, model, prompt, picture=None):
        return say(self.model(model).invoke([user(prompt, picture)]))

    def stream(self, model, prompt, on_text):
        whole = None
        for chunk in self.model(model).stream([user(prompt)]):
            if chunk.text:
                on_text(chunk.text)
            whole = chunk if whole is None else whole + chunk
        return say(whole)

    def use_tool(self, model, prompt, get_weather):
        weather = tool("get_weather", description="Get the current weather for a city")(weather_of(get_weather))
        agent = create_react_agent(self.model(model), [weather])
        return agent.invoke({"messages": [user(prompt)]})["messages"][-1].text

    def report(self, model, prompt):
        return self.model(model).with_structured_output(Report).invoke([user(prompt)]).model_dump()


def weather_of(get_weather):
    def weather(city: str) -> str:
        return get_weather(city)

    return weather


def user(prompt, picture=None):
    if picture is None:
        return HumanMessage(prompt)
    url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    return HumanMessage([{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": url}}])


def say(message):
    about = message.response_metadata
    why = about.get("incomplete_details")
    status = about.get("status", "")
    usage = message.usage_metadata
    thoughts = [block for block in message.content_blocks if block["type"] == "reasoning"]
    return Said(
        text=message.text,
        finish=about.get("finish_reason") or (f"{status}: {why['reason']}" if why else status),
        input_tokens=usage["input_tokens"],
        output_tokens=usage["output_tokens"],
        reasoning="".join(block.get("reasoning", "") for block in thoughts),
    )


def kind(name, responses, stop, length, shows_reasoning):
    return Kind(
        name=name,
        open=lambda key, retries: Chain(key, retries, responses),
        error_class=OpenAIError,
        stop=stop,
        length=length,
        input_tokens=100,
        shows_reasoning=shows_reasoning,
        errors=ERRORS,
    )


run(kind("langchain-openai chat", False, "stop", "length", False))
run(kind("langchain-openai responses", True, "completed", "incomplete: max_output_tokens", True))
