import type { ChatRequest } from '@switchyard/protocol/chat.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

const ROLES: ReadonlySet<unknown> = new Set(['system', 'user', 'assistant', 'tool']);

/**
 * Reads the request of a job. A node trusts its gateway, which has checked the request, so this looks only at the
 * shape that engines walk through: nothing that passes can make them crash. Undefined when it does not fit.
 */
export function parseChat(body: Uint8Array): ChatRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    return undefined;
  }
  return isChat(value) ? value : undefined;
}

function isChat(value: unknown): value is ChatRequest {
  if (!isObject(value)) return false;
  const { messages, tools, toolChoice, responseFormat, sampling, stop } = value;
  return (
    Array.isArray(messages) &&
    messages.every(isMessage) &&
    Array.isArray(tools) &&
    tools.every((tool) => isObject(tool) && isText(tool['name'])) &&
    (isText(toolChoice) || (isObject(toolChoice) && isText(toolChoice['name']))) &&
    typeof value['parallelToolCalls'] === 'boolean' &&
    isObject(responseFormat) &&
    isText(responseFormat['type']) &&
    (responseFormat['type'] !== 'json-schema' || isObject(responseFormat['schema'])) &&
    isObject(sampling) &&
    Array.isArray(stop) &&
    stop.every(isText) &&
    isOptional(value['maxOutputTokens'], Number.isSafeInteger) &&
    isOptional(value['reasoningEffort'], isText) &&
    isOptional(value['continuesLast'], (given) => typeof given === 'boolean')
  );
}

function isMessage(value: unknown): boolean {
  if (!isObject(value) || !ROLES.has(value['role']) || !Array.isArray(value['content'])) return false;
  if (value['role'] === 'tool' && !isText(value['callId'])) return false;
  return value['content'].every(isContent);
}

function isContent(value: unknown): boolean {
  if (!isObject(value)) return false;
  switch (value['type']) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return isText(value['text']);
    case 'image':
      return isText(value['mime']) && isText(value['base64']);
    case 'tool-call':
      return isText(value['id']) && isText(value['name']) && isText(value['argumentsText']);
    default:
      return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isOptional(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}
