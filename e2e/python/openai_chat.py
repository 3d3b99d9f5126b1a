import base64
import json

from openai import OpenAI, OpenAIError
from pydantic import BaseModel

from openai_errors import ERRORS
from table import ORIGIN, Kind, Said, run

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather for a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Report(BaseModel):
    city: str
    celsius: float


class Chat:
    def __init__(self, key, retries):
        limit = {} if retries is None else {"max_retries": retries}
        self.client = OpenAI(base_url=f"{ORIGIN}/v1", api_key=key, **limit)

    def ask(self, model, prompt, picture=None):
        return say(self.client.chat.completions.create(model=model, temperature=0, messages=[user(prompt, picture)]))

    def stream(self, model, prompt, on_text):
        """Not the package's `stream` helper: that one takes an answer that was cut for an error."""
        said = Said(text="", finish="", input_tokens=0, output_tokens=0)
        with self.client.chat.completions.create(
            model=model,
            temperature=0,
            messages=[user(prompt)],
            stream=True,
            stream_options={"include_usage": True},
        ) as stream:
            for chunk in stream:
                for choice in chunk.choices:
                    if choice.delta.content:
                        said.text += choice.delta.content
                        on_text(choice.delta.content)
                    said.reasoning += getattr(choice.delta, "reasoning_content", None) or ""
                    said.finish = choice.finish_reason or said.finish
                if chunk.usage:
                    said.input_tokens = chunk.usage.prompt_tokens
                    said.output_tokens = chunk.usage.completion_tokens
        return said

    def use_tool(self, model, prompt, get_weather):
        messages = [user(prompt)]
        while True:
            answer = self.client.chat.completions.create(model=model, temperature=0, messages=messages, tools=[TOOL])
            message = answer.choices[0].message
            if not message.tool_calls:
                return message.content
            messages.append(message)
            for call in message.tool_calls:
                result = get_weather(json.loads(call.function.arguments)["city"])
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

    def report(self, model, prompt):
        answer = self.client.chat.completions.parse(model=model, messages=[user(prompt)], response_format=Report)
        return answer.choices[0].message.parsed.model_dump()


def user(prompt, picture=None):
    content = [{"type": "text", "text": prompt}]
    if picture is not None:
        url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        content.append({"type": "image_url", "image_url": {"url": url}})
    return {"role": "user", "content": content}


def say(answer):
    choice = answer.choices[0]
    return Said(
        text=choice.message.content or "",
        finish=choice.finish_reason,
        input_tokens=answer.usage.prompt_tokens,
        output_tokens=answer.usage.completion_tokens,
        reasoning=getattr(choice.message, "reasoning_content", None) or "",
    )


run(
    Kind(
        name="openai chat",
        open=Chat,
        error_class=OpenAIError,
        stop="stop",
        length="length",
        input_tokens=100,
        shows_reasoning=True,
        errors=ERRORS,
    )
)
