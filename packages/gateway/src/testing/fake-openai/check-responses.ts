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
import { isOurSeal, isThinking, pictureOf } from './scenarios.ts';

const FIELDS = new Set(
  (
    'model input instructions stream stream_options store temperature top_p top_logprobs max_output_tokens ' +
    'max_tool_calls tools tool_choice parallel_tool_calls reasoning text include truncation context_management metadata ' +
    'user safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options service_tier background ' +
    'conversation previous_response_id prompt moderation image access_programs client_metadata'
  ).split(' '),
);

/** Judges a request as the API does and reads what the scenarios go by. Source: API reference, "Responses", 2026-11-20. */
export function askedOfResponses(body: Json): Asked | ApiError {
  const { model, input } = body;
  if (typeof model !== 'string') return missing('model');
  if (input === undefined) return missing('input');
  const reasoning = object(body['reasoning']) ?? {};
  const refused =
    unknownField(body, FIELDS) ??
    checkCap(body['max_output_tokens']) ??
    checkSampling(body, reasoning['effort'], ['temperature', 'top_p', 'top_logprobs']) ??
    checkEffort(model, reasoning['effort'], 'reasoning.effort') ??
    checkSummary(reasoning['summary'], model) ??
    checkInclude(body, model) ??
    checkTools(body);
  if (refused !== undefined) return refused;
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : objects(input);
  const history = checkItems(items);
  return isApiError(history) ? history : { ...history, ...settingsOf(body, model) };
}

function checkCap(cap: unknown): ApiError | undefined {
  const isSmall = typeof cap === 'number' && cap < 16;
  return isSmall
    ? invalid(
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.",
        'max_output_tokens',
        'integer_below_min_value',
      )
    : undefined;
}

function checkSummary(summary: unknown, model: string): ApiError | undefined {
  return summary === undefined || summary === null || isThinking(model)
    ? undefined
    : invalid(
        "Unsupported parameter: 'reasoning.summary' is not supported with this model.",
        'reasoning.summary',
        'unsupported_parameter',
      );
}

function checkInclude({ include }: Json, model: string): ApiError | undefined {
  const wantsSeal = Array.isArray(include) && include.includes('reasoning.encrypted_content');
  return wantsSeal && !isThinking(model)
    ? invalid('Unsupported parameter: encrypted content is not supported with this model.', 'include')
    : undefined;
}

function checkTools(body: Json): ApiError | undefined {
  const tools = objects(body['tools']);
  for (const [index, tool] of tools.entries()) {
    // In this dialect a function is strict unless it says otherwise.
    const isStrict = (tool['strict'] ?? true) === true;
    const refused =
      tool['type'] === 'function' ? checkFunction(tool, `tools[${index}]`, isStrict) : undefined;
    if (refused !== undefined) return refused;
  }
  const choice = object(body['tool_choice']);
  const isOffered = choice?.['name'] === undefined || tools.some(({ name }) => name === choice['name']);
  return isOffered ? undefined : invalid("Tool choice not found in 'tools' parameter.", 'tool_choice');
}

type History = Pick<Asked, 'results' | 'pictures' | 'sealed'>;

function checkItems(items: readonly Json[]): History | ApiError {
  const calls: string[] = [];
  const answered: string[] = [];
  const history: History = { results: [], pictures: [], sealed: [] };
  for (const [index, item] of items.entries()) {
    const { type = 'message' } = item;
    switch (type) {
      case 'function_call':
      case 'custom_tool_call':
        calls.push(asText(item['call_id']));
        history.results = [];
        break;
      case 'function_call_output':
      case 'custom_tool_call_output':
        answered.push(asText(item['call_id']));
        history.results.push(joinedText(item['output']));
        break;
      case 'reasoning': {
        const seal = item['encrypted_content'];
        if (typeof seal !== 'string') return notStored(asText(item['id']));
        if (!isOurSeal(seal)) return notVerified();
        history.sealed.push(seal);
        break;
      }
      case 'message':
        if (item['role'] === 'assistant') history.results = [];
        break;
      default:
        break;
    }
    for (const [at, part] of [...objects(item['content']), ...objects(item['output'])].entries()) {
      if (part['type'] !== 'input_image') continue;
      const picture = pictureOf(part['image_url'], `input[${index}].content[${at}].image_url`);
      if (isApiError(picture)) return picture;
      history.pictures.push(picture);
    }
  }
  return checkPairs(calls, answered, 'input') ?? history;
}

function notStored(id: string): ApiError {
  const message = `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`;
  return { ...invalid(message, 'input'), status: 404 };
}

function notVerified(): ApiError {
  return invalid('The encrypted content gAAA... could not be verified.', null, 'invalid_encrypted_content');
}

function settingsOf(body: Json, model: string): Omit<Asked, keyof History> {
  const reasoning = object(body['reasoning']) ?? {};
  const choice = body['tool_choice'];
  const forced = object(choice)?.['name'];
  const offered = choice === 'none' ? [] : objects(body['tools']);
  return {
    model,
    stream: body['stream'] === true,
    tools: offered.flatMap(({ type, name }) => (type === 'function' ? asText(name) : [])),
    forcedTool: typeof forced === 'string' ? forced : undefined,
    mayCallTwice: body['parallel_tool_calls'] !== false,
    hasSchema: object(object(body['text'])?.['format'])?.['type'] === 'json_schema',
    stops: [],
    effort: typeof reasoning['effort'] === 'string' ? reasoning['effort'] : undefined,
    wantsSummary: typeof reasoning['summary'] === 'string',
  };
}
