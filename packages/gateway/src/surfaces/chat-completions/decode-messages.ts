import type { AssistantPart, ChatMessage, ToolCallPart } from '@switchyard/protocol/chat.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource, Refusals } from '../../core/json-fields.ts';
import { fieldPath, isAbsent, readArray, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ContentRules } from './decode-content.ts';
import { decodeContent, decodeTextContent } from './decode-content.ts';

/**
 * Reads `messages`. `developer` is the newer name of `system`; the old `function` role and `function_call` are refused
 * because an answer in today's shape would be lost on a client that sends them.
 */
export function decodeMessages(body: FieldSource): ChatMessage[] {
  const entries = readArray(body, 'messages', LIMITS.messagesMax);
  if (entries === undefined || entries.length === 0) {
    refuse(body.refusals, 'messages', 'must be an array of at least one message.');
    return [];
  }
  const rules: ContentRules = { images: true, imageCount: { value: 0 } };
  const messages: ChatMessage[] = [];
  for (const [index, entry] of entries.entries()) {
    const message = decodeMessage(entry, `messages[${index}]`, { rules, refusals: body.refusals });
    if (message === undefined) break;
    messages.push(message);
  }
  return messages;
}

type MessageContext = { rules: ContentRules; refusals: Refusals };

function decodeMessage(entry: unknown, path: string, context: MessageContext): ChatMessage | undefined {
  const { refusals, rules } = context;
  if (!isJsonObject(entry)) return refuse(refusals, path, 'must be an object.');
  const source: FieldSource = { object: entry, path, refusals };
  switch (entry['role']) {
    case 'system':
    case 'developer':
      return { role: 'system', content: decodeTextContent(source) };
    case 'user':
      return { role: 'user', content: decodeContent(source, rules) };
    case 'assistant':
      return { role: 'assistant', content: decodeAssistant(source) };
    case 'tool': {
      const callId = requireName(source, 'tool_call_id', LIMITS.nameMaxChars);
      if (callId === undefined) return undefined;
      return { role: 'tool', callId, content: decodeContent(source, rules) };
    }
    case 'function':
      return refuse(refusals, `${path}.role`, 'is no longer supported: use "tool".', 'unsupported_parameter');
    default:
      return refuse(refusals, `${path}.role`, 'must be system, developer, user, assistant or tool.');
  }
}

/** Reasoning first, then what was said, then the calls: the order in which a model generates them. */
function decodeAssistant(source: FieldSource): AssistantPart[] {
  const { object, refusals } = source;
  if (!isAbsent(object['function_call'])) {
    refuse(
      refusals,
      fieldPath(source, 'function_call'),
      'is no longer supported: use tool_calls.',
      'unsupported_parameter',
    );
  }
  const parts: AssistantPart[] = [];
  const reasoning = object['reasoning_content'] ?? object['reasoning'];
  if (typeof reasoning === 'string' && reasoning !== '') parts.push({ type: 'reasoning', text: reasoning });
  parts.push(...decodeAssistantContent(source));
  const refusal = object['refusal'];
  if (typeof refusal === 'string' && refusal !== '') parts.push({ type: 'refusal', text: refusal });
  parts.push(...decodeToolCalls(source));
  return parts;
}

/** An assistant's content may hold `refusal` parts beside texts. */
function decodeAssistantContent(source: FieldSource): AssistantPart[] {
  const value = source.object['content'];
  if (!Array.isArray(value) || !value.some(isRefusal)) return decodeTextContent(source);
  const texts = value.filter((entry) => !isRefusal(entry));
  const refusals = value.filter(isRefusal);
  return [
    ...decodeTextContent({ ...source, object: { content: texts } }),
    ...refusals.map((entry) => ({ type: 'refusal' as const, text: entry.refusal })),
  ];
}

function isRefusal(entry: unknown): entry is { refusal: string } {
  return isJsonObject(entry) && entry['type'] === 'refusal' && typeof entry['refusal'] === 'string';
}

function decodeToolCalls(source: FieldSource): ToolCallPart[] {
  const entries = readArray(source, 'tool_calls', LIMITS.partsPerMessageMax) ?? [];
  const calls: ToolCallPart[] = [];
  for (const [index, entry] of entries.entries()) {
    const call = decodeToolCall(entry, `${fieldPath(source, 'tool_calls')}[${index}]`, source.refusals);
    if (call === undefined) break;
    calls.push(call);
  }
  return calls;
}

function decodeToolCall(entry: unknown, path: string, refusals: Refusals): ToolCallPart | undefined {
  if (!isJsonObject(entry)) return refuse(refusals, path, 'must be an object.');
  const type = entry['type'];
  if (!isAbsent(type) && type !== 'function') {
    return refuse(refusals, `${path}.type`, 'must be "function".', 'unsupported_parameter');
  }
  const called = entry['function'];
  if (!isJsonObject(called)) return refuse(refusals, `${path}.function`, 'must be an object.');
  const id = requireName({ object: entry, path, refusals }, 'id', LIMITS.nameMaxChars);
  const name = requireName(
    { object: called, path: `${path}.function`, refusals },
    'name',
    LIMITS.nameMaxChars,
  );
  const argumentsText = readArguments(called['arguments'], `${path}.function.arguments`, refusals);
  if (id === undefined || name === undefined || argumentsText === undefined) return undefined;
  return { type: 'tool-call', id, name, argumentsText };
}

/** The model's own JSON text. Some clients send it parsed: then its text is lost anyway and is written anew. */
function readArguments(value: unknown, path: string, refusals: Refusals): string | undefined {
  if (typeof value === 'string') return value;
  if (isAbsent(value)) return '';
  if (isJsonObject(value)) return JSON.stringify(value);
  return refuse(refusals, path, 'must be a string of JSON.');
}
