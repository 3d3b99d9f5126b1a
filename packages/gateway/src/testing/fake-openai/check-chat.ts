import type { ApiError } from './api-error.ts';
import { invalid, isApiError, missing } from './api-error.ts';
import type { Json } from './check-common.ts';
import {
  joinedText,
  asText,
  checkEffort,
  checkFunction,
  checkPairs,
  checkSampling,
  object,
  objects,
  unknownField,
} from './check-common.ts';
import type { Asked } from './scenarios.ts';
import { isThinking, pictureOf } from './scenarios.ts';

const FIELDS = new Set(
  (
    'model messages stream stream_options store temperature top_p presence_penalty frequency_penalty logit_bias ' +
    'logprobs top_logprobs n stop seed max_tokens max_completion_tokens tools tool_choice parallel_tool_calls ' +
    'response_format reasoning_effort verbosity metadata user safety_identifier prompt_cache_key ' +
    'prompt_cache_retention service_tier modalities audio prediction web_search_options'
  ).split(' '),
);
const SAMPLING = [
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'top_logprobs',
];

/** Judges a request as the API does and reads what the scenarios go by. Source: API reference, "Chat", 2026-11-20. */
export function askedOfChat(body: Json): Asked | ApiError {
  const { model } = body;
  if (typeof model !== 'string') return missing('model');
  if (!Array.isArray(body['messages'])) return missing('messages');
  const refused =
    unknownField(body, FIELDS) ??
    checkCap(body, model) ??
    checkSampling(body, body['reasoning_effort'], SAMPLING) ??
    checkEffort(model, body['reasoning_effort'], 'reasoning_effort') ??
    checkTools(body);
  if (refused !== undefined) return refused;
  const history = checkMessages(objects(body['messages']));
  return isApiError(history) ? history : { ...history, ...settingsOf(body, model) };
}

function checkCap(body: Json, model: string): ApiError | undefined {
  return body['max_tokens'] !== undefined && isThinking(model)
    ? invalid(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        'max_tokens',
        'unsupported_parameter',
      )
    : undefined;
}

function checkTools(body: Json): ApiError | undefined {
  const tools = objects(body['tools']);
  if (Array.isArray(body['tools']) && tools.length === 0) {
    return invalid(
      "Invalid 'tools': empty array. Expected an array with minimum length 1.",
      'tools',
      'empty_array',
    );
  }
  if (tools.length === 0 && body['tool_choice'] !== undefined) {
    return invalid("'tool_choice' is only allowed when 'tools' are specified.", 'tool_choice');
  }
  for (const [index, tool] of tools.entries()) {
    const called = object(tool['function']);
    if (tool['type'] !== 'function' || called === undefined) continue;
    const refused = checkFunction(called, `tools[${index}].function`, called['strict'] === true);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

type History = Pick<Asked, 'results' | 'pictures' | 'sealed'>;

function checkMessages(messages: readonly Json[]): History | ApiError {
  const calls: string[] = [];
  const answered: string[] = [];
  const history: History = { results: [], pictures: [], sealed: [] };
  for (const [index, message] of messages.entries()) {
    const { role, content } = message;
    if (role === 'assistant') {
      history.results = [];
      calls.push(...objects(message['tool_calls']).map(({ id }) => asText(id)));
    }
    if (role === 'tool') {
      answered.push(asText(message['tool_call_id']));
      history.results.push(joinedText(content));
    }
    for (const [at, part] of objects(content).entries()) {
      if (part['type'] !== 'image_url') continue;
      const picture = pictureOf(
        object(part['image_url'])?.['url'],
        `messages[${index}].content[${at}].image_url.url`,
      );
      if (isApiError(picture)) return picture;
      history.pictures.push(picture);
    }
  }
  return checkPairs(calls, answered, 'messages') ?? history;
}

function settingsOf(body: Json, model: string): Omit<Asked, keyof History> {
  const { stop, reasoning_effort: effort, tool_choice: choice } = body;
  const forced = object(object(choice)?.['function'])?.['name'];
  const offered = choice === 'none' ? [] : objects(body['tools']);
  return {
    model,
    stream: body['stream'] === true,
    tools: offered.flatMap((tool) => {
      const name = object(tool['function'])?.['name'];
      return typeof name === 'string' ? name : [];
    }),
    forcedTool: typeof forced === 'string' ? forced : undefined,
    mayCallTwice: body['parallel_tool_calls'] !== false,
    hasSchema: object(body['response_format'])?.['type'] === 'json_schema',
    stops: typeof stop === 'string' ? [stop] : Array.isArray(stop) ? stop.map(asText) : [],
    effort: typeof effort === 'string' ? effort : undefined,
    wantsSummary: false,
  };
}
