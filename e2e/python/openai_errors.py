"""The classes of the `openai` package, on every surface that it speaks."""

import openai

ERRORS = {
    "wrong key": openai.AuthenticationError,
    "no money": openai.APIStatusError,
    "unknown model": openai.NotFoundError,
    "too fast": openai.RateLimitError,
    "no node": openai.InternalServerError,
    "bad prompt": openai.BadRequestError,
}
