import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { ReplyOptions } from '../../core/surface.ts';

/** What of a Response object differs between its states. The members named `...Json` are JSON text. */
export type ResponseState = {
  status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  outputJson?: string;
  usageJson?: string;
  errorJson?: string;
  incompleteReason?: 'max_output_tokens' | 'content_filter';
  completedAtMs?: number;
};

/** Writes the Response object of one request in any of its states. */
export type ResponseWriter = (state: ResponseState) => string;

/** Characters that make the ids of a reply and its items: the request's, so that whoever holds one finds the other. */
export function idSuffix(requestId: string): string {
  return requestId.replace(/^req_/, '');
}

export function responseId(requestId: string): string {
  return `resp_${idSuffix(requestId)}`;
}

/**
 * Makes the writer for one reply. It has every key that OpenAI's types or Open Responses' `ResponseResource` require
 * (openai 7.55.0; openresponses schema, both read 2026-11-20). Settings are told as the client sent them, and what was
 * not sent as the dialect's default. `store` is always false: nothing is stored.
 */
export function createResponseWriter(body: JsonObject, options: ReplyOptions): ResponseWriter {
  const head =
    `{"id":${JSON.stringify(responseId(options.requestId))},"object":"response",` +
    `"created_at":${seconds(options.createdAtMs)},"model":${JSON.stringify(options.model)},`;
  const settings = settingsJson(body);
  return ({ status, outputJson, usageJson, errorJson, incompleteReason, completedAtMs }) =>
    `${head}"status":"${status}",` +
    `"completed_at":${completedAtMs === undefined ? null : seconds(completedAtMs)},` +
    `"error":${errorJson ?? null},` +
    `"incomplete_details":${incompleteReason === undefined ? null : `{"reason":"${incompleteReason}"}`},` +
    `"output":${outputJson ?? '[]'},"usage":${usageJson ?? null},${settings}}`;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** The members that only depend on the request, without braces. */
function settingsJson(body: JsonObject): string {
  const settings = {
    instructions: stringOr(body['instructions'], null),
    tools: toolsOf(body['tools']),
    tool_choice: body['tool_choice'] ?? 'auto',
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    text: { format: { type: 'text' }, ...present(body['text']) },
    reasoning: { effort: null, summary: null, ...present(body['reasoning']) },
    temperature: body['temperature'] ?? 1,
    top_p: body['top_p'] ?? 1,
    presence_penalty: body['presence_penalty'] ?? 0,
    frequency_penalty: body['frequency_penalty'] ?? 0,
    top_logprobs: 0,
    max_output_tokens: body['max_output_tokens'] ?? null,
    max_tool_calls: numberOr(body['max_tool_calls'], null),
    truncation: stringOr(body['truncation'], 'disabled'),
    metadata: isJsonObject(body['metadata']) ? body['metadata'] : {},
    user: stringOr(body['user'], null),
    safety_identifier: stringOr(body['safety_identifier'], null),
    prompt_cache_key: stringOr(body['prompt_cache_key'], null),
    service_tier: 'default',
    previous_response_id: null,
    background: false,
    store: false,
  };
  return JSON.stringify(settings).slice(1, -1);
}

/** Functions have all keys here, even those that the client left out. */
function toolsOf(tools: unknown): unknown[] {
  if (!Array.isArray(tools)) return [];
  return tools.map((tool: unknown) =>
    isJsonObject(tool) && (tool['type'] ?? 'function') === 'function'
      ? { type: 'function', description: null, parameters: null, strict: null, ...tool }
      : tool,
  );
}

/** The members of an object that are not null. */
function present(value: unknown): JsonObject {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function stringOr<Other>(value: unknown, other: Other): string | Other {
  return typeof value === 'string' ? value : other;
}

function numberOr<Other>(value: unknown, other: Other): number | Other {
  return typeof value === 'number' ? value : other;
}
