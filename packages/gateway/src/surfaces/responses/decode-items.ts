import type { AssistantPart, ChatMessage, ReasoningPart, ToolCallPart } from '@switchyard/protocol/chat.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource, Refusals } from '../../core/json-fields.ts';
import { fieldPath, isAbsent, readArray, readName, refuse, requireName } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';
import { readSealText } from '../../core/reasoning-seal.ts';
import { customArguments } from './custom-input.ts';
import type { DecodeContext } from './context.ts';
import { countNative, needsNative } from './context.ts';
import { decodeAssistantContent, decodeSystemContent, decodeUserContent } from './decode-content.ts';

/** The entries of `input`. A string is a message of the user. */
export function readInput(body: FieldSource): unknown[] {
  const { input } = body.object;
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const entries = readArray(body, 'input', LIMITS.inputItemsMax);
  if (entries !== undefined && entries.length > 0) return entries;
  refuse(body.refusals, 'input', 'must be a string or an array of at least one item.');
  return [];
}

/**
 * Reads the items of a conversation into messages. What one turn of the model made (reasoning, text, calls) are items
 * of their own here and become one message. Ids and `status` of items that are sent back are not looked at: they were
 * made by this gateway, another one, or the client itself.
 */
export function decodeItems(entries: readonly unknown[], context: DecodeContext): ChatMessage[] {
  const messages: ChatMessage[] = [];
  for (const [index, entry] of entries.entries()) {
    const path = `input[${index}]`;
    if (!isJsonObject(entry)) {
      refuse(context.refusals, path, 'must be an object.');
      break;
    }
    decodeItem({ object: entry, path, refusals: context.refusals }, context, messages);
    if (context.refusals.first !== undefined) break;
  }
  return messages;
}

function decodeItem(item: FieldSource, context: DecodeContext, messages: ChatMessage[]): void {
  switch (itemType(item)) {
    case 'message':
      decodeMessage(item, context, messages);
      break;
    case 'function_call':
      addAnswer(messages, decodeCall(item, context, 'function'));
      break;
    case 'custom_tool_call':
      addAnswer(messages, decodeCall(item, context, 'custom'));
      break;
    case 'function_call_output':
    case 'custom_tool_call_output':
      decodeOutput(item, context, messages);
      break;
    case 'reasoning':
      addAnswer(messages, decodeReasoning(item, context));
      break;
    case 'item_reference':
      refuse(
        item.refusals,
        item.path,
        'refers to an item of an earlier answer, and none are stored here. Send the item itself: most clients do with "store": false.',
        'unsupported_parameter',
      );
      break;
    // Its tools were read with the others.
    case 'additional_tools':
      break;
    case undefined:
      refuse(item.refusals, fieldPath(item, 'type'), 'must be a string.');
      break;
    default:
      needsNative(context, fieldPath(item, 'type'));
  }
}

/** Clients leave out the type of messages and of references. */
function itemType({ object }: FieldSource): string | undefined {
  const { type, role, id } = object;
  if (typeof type === 'string') return type;
  if (!isAbsent(type)) return undefined;
  if (!isAbsent(role)) return 'message';
  return typeof id === 'string' ? 'item_reference' : undefined;
}

function decodeMessage(item: FieldSource, context: DecodeContext, messages: ChatMessage[]): void {
  const { role, content } = item.object;
  const path = fieldPath(item, 'content');
  switch (role) {
    case 'system':
    case 'developer':
      messages.push({ role: 'system', content: decodeSystemContent(content, path, context) });
      break;
    case 'user':
      messages.push({ role: 'user', content: decodeUserContent(content, path, context) });
      break;
    case 'assistant':
      addAnswer(messages, ...decodeAssistantContent(content, path, context));
      break;
    default:
      refuse(item.refusals, fieldPath(item, 'role'), 'must be user, assistant, system or developer.');
  }
}

function addAnswer(messages: ChatMessage[], ...parts: (AssistantPart | undefined)[]): void {
  for (const part of parts) {
    if (part === undefined) continue;
    const last = messages.at(-1);
    if (last?.role === 'assistant') last.content.push(part);
    else messages.push({ role: 'assistant', content: [part] });
  }
}

function decodeCall(
  item: FieldSource,
  { names }: DecodeContext,
  kind: 'function' | 'custom',
): ToolCallPart | undefined {
  const id = requireName(item, 'call_id', LIMITS.nameMaxChars);
  const name = requireName(item, 'name', LIMITS.nameMaxChars);
  const namespace = readName(item, 'namespace', LIMITS.nameMaxChars);
  const argumentsText = kind === 'custom' ? readCustomInput(item) : readArguments(item);
  if (id === undefined || name === undefined || argumentsText === undefined) return undefined;
  const tool = { kind, name, ...(namespace === undefined ? {} : { namespace }) };
  return { type: 'tool-call', id, name: names.offer(tool), argumentsText };
}

/** The model's own JSON text. Some clients send it parsed: then its text is lost anyway and is written anew. */
function readArguments(item: FieldSource): string | undefined {
  const value = item.object['arguments'];
  if (typeof value === 'string') return value;
  if (isAbsent(value)) return '';
  if (isJsonObject(value)) return JSON.stringify(value);
  return refuse(item.refusals, fieldPath(item, 'arguments'), 'must be a string of JSON.');
}

function readCustomInput(item: FieldSource): string | undefined {
  const { input } = item.object;
  if (typeof input === 'string') return customArguments(input);
  return refuse(item.refusals, fieldPath(item, 'input'), 'must be a string.');
}

function decodeOutput(item: FieldSource, context: DecodeContext, messages: ChatMessage[]): void {
  const callId = requireName(item, 'call_id', LIMITS.nameMaxChars);
  const content = decodeUserContent(item.object['output'], fieldPath(item, 'output'), context);
  if (callId !== undefined) messages.push({ role: 'tool', callId, content });
}

/** The model's own text where there is one, else the summary. Without text and seal nothing is left of it. */
function decodeReasoning(item: FieldSource, context: DecodeContext): ReasoningPart | undefined {
  const { content, summary, encrypted_content: encrypted } = item.object;
  const path = (key: string) => fieldPath(item, key);
  const whole = joinTexts(content, path('content'), item.refusals);
  const text = whole === '' ? joinTexts(summary, path('summary'), item.refusals) : whole;
  if (whole !== '') countNative(context, summary);
  if (!isAbsent(encrypted) && typeof encrypted !== 'string') {
    return refuse(item.refusals, path('encrypted_content'), 'must be a string.');
  }
  const seal = typeof encrypted === 'string' ? readSealText(encrypted, 'encrypted') : undefined;
  if (text === '' && seal === undefined) return undefined;
  return { type: 'reasoning', text, ...(seal === undefined ? {} : { seal }) };
}

function joinTexts(value: unknown, path: string, refusals: Refusals): string {
  if (isAbsent(value)) return '';
  const entries = Array.isArray(value) ? value : [undefined];
  const texts: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const text: unknown = isJsonObject(entry) ? entry['text'] : undefined;
    if (typeof text !== 'string') {
      refuse(refusals, `${path}[${index}].text`, 'must be a string.');
      return '';
    }
    texts.push(text);
  }
  return texts.filter((text) => text !== '').join('\n\n');
}
