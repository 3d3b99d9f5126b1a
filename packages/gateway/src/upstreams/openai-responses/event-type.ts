import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import { findMember, topLevelMembers } from '../../core/json-spans.ts';
import type { SseEvent } from '../../core/sse-reader.ts';

/** How OpenAI begins the data of every event. */
const TYPE_FIRST = '{"type":"';
/** Names are written into the stream of the client: nothing else may be in them. */
const NAME = /^[\w.:-]{1,100}$/;

/**
 * The type that an event's data gives, which clients go by; the `event:` line only repeats it. '' where it gives none,
 * as in the words of a proxy.
 * Undefined when it is no name or the data no JSON object.
 */
export function eventType({ data }: SseEvent): string | undefined {
  if (data.startsWith(TYPE_FIRST)) {
    const end = data.indexOf('"', TYPE_FIRST.length);
    const type = data.slice(TYPE_FIRST.length, Math.max(end, TYPE_FIRST.length));
    if (NAME.test(type)) return type;
  }
  const value = tryParseJson(data);
  if (!isJsonObject(value)) return undefined;
  const type = value['type'] ?? '';
  return type === '' || (typeof type === 'string' && NAME.test(type)) ? type : undefined;
}

/** The data of an event whose type is `type` to every parser, or undefined. */
export function parseEvent({ data }: SseEvent, type: string): JsonObject | undefined {
  const value = tryParseJson(data);
  return isJsonObject(value) && (value['type'] ?? '') === type ? value : undefined;
}

/**
 * Whether the data of an event that nobody here needs can be handed on: one JSON object that has its type for every
 * parser. The inside of nested values is not looked at: these events repeat whole texts.
 */
export function isSound(data: Buffer, type: string): boolean {
  const members = topLevelMembers(data);
  if (members === undefined) return false;
  const member = findMember(members, 'type');
  return member !== undefined && data.toString('utf8', member.valueStart, member.valueEnd) === `"${type}"`;
}
