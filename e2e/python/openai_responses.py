import base64
import json

from openai import OpenAI, OpenAIError
from pydantic import BaseModel

from openai_errors import ERRORS
from table import ORIGIN, Kind, Said, run

# Reasoning is told as a summary to who asks for one.
SETTINGS = {"temperature": 0, "reasoning": {"summary": "auto"}}

TOOL = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the current weather for a city",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


class Report(BaseModel):
    city: str
    celsius: float


class Responses:
    def __init__(self, key, retries):
        limit = {} if retries is None else {"max_retries": retries}
        self.client = OpenAI(base_url=f"{ORIGIN}/v1", api_key=key, **limit)

    def ask(self, model, prompt, picture=None):
        return say(self.client.responses.create(model=model, input=[user(prompt, picture)], **SETTINGS))

    def stream(self, model, prompt, on_text):
        """Not `get_final_response`: that one takes an answer that was cut for an error."""
        last = None
        with self.client.responses.stream(model=model, input=[user(prompt)], **SETTINGS) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    on_text(event.delta)
                if event.type in ("response.completed", "response.incomplete"):
                    last = event.response
        if last is None:
            raise OpenAIError("the stream ended without an end of the answer")
        return say(last)

    def use_tool(self, model, prompt, get_weather):
        items = [user(prompt)]
        while True:
            answer = self.client.responses.create(model=model, input=items, tools=[TOOL], **SETTINGS)
            calls = [item for item in answer.output if item.type == "function_call"]
            if not calls:
                return answer.output_text
            items += answer.output
            for call in calls:
                result = get_weather(json.loads(call.arguments)["city"])
                items.append({"type": "function_call_output", "call_id": call.call_id, "output": result})

    def report(self, model, prompt):
        answer = self.client.responses.parse(model=model, input=[user(prompt)], text_format=Report)
        return answer.output_parsed.model_dump()


def user(prompt, picture=None):
    content = [{"type": "input_text", "text": prompt}]
    if picture is not None:
        url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        content.append({"type": "input_image", "image_url": url, "detail": "auto"})
    return {"role": "user", "content": content}


def say(answer):
    why = answer.incomplete_details
    thoughts = [part for item in answer.output if item.type == "reasoning" for part in item.summary + (item.content or [])]
    return Said(
        text=answer.output_text,
        finish=answer.status if why is None else f"{answer.status}: {why.reason}",
        input_tokens=answer.usage.input_tokens,
        output_tokens=answer.usage.output_tokens,
        reasoning="".join(part.text for part in thoughts),
    )


run(
    Kind(
        name="openai responses",
        open=Responses,
        error_class=OpenAIError,
        stop="completed",
        length="incomplete: max_output_tokens",
        input_tokens=100,
        shows_reasoning=True,
        errors=ERRORS,
    )
)
