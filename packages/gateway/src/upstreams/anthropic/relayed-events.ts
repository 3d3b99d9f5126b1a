import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { MemberEdit } from '../../core/json-spans.ts';
import { editTopLevel, findMember, topLevelMembers } from '../../core/json-spans.ts';
import type { SseEvent } from '../../core/sse-reader.ts';

/**
 * The bytes of an event for a client of this dialect: as they came where the event has its name, one data line and
 * nothing to change; else written anew. Undefined for an event that cannot be named.
 */
export function relayedEvent(
  event: SseEvent,
  value: JsonObject,
  edits: readonly MemberEdit[],
): Buffer | undefined {
  const { type } = value;
  if (typeof type !== 'string') return undefined;
  if (event.raw !== undefined && event.name === type && edits.length === 0) return event.raw;
  if (!EVENT_NAME.test(type)) return undefined;
  const data = oneLine(event, value);
  return Buffer.concat([Buffer.from(`event: ${type}\ndata: `), editTopLevel(data, edits) ?? data, END]);
}

/** A line break between two values would end the data line. */
function oneLine({ data }: SseEvent, value: JsonObject): Buffer {
  return Buffer.from(data.includes('\n') ? JSON.stringify(value) : data);
}

const EVENT_NAME = /^[a-z][a-z0-9_.]{0,63}$/;
const END = Buffer.from('\n\n');

/**
 * What to exchange in `message_start`: the model's name, and a usage where there is none, since clients read it
 * unchecked.
 */
export function messageStartEdits(
  event: SseEvent,
  value: JsonObject,
  { replyModel, estimatedInputTokens }: { replyModel: string | undefined; estimatedInputTokens: number },
): MemberEdit[] {
  const message = isJsonObject(value['message']) ? value['message'] : {};
  const edits: MemberEdit[] = [];
  if (replyModel !== undefined && message['model'] !== replyModel)
    edits.push({ key: 'model', value: JSON.stringify(replyModel) });
  if (!isJsonObject(message['usage'])) {
    const usage = { input_tokens: estimatedInputTokens, output_tokens: 0 };
    edits.push({ key: 'usage', value: JSON.stringify(usage) });
  }
  if (edits.length === 0) return [];
  const data = oneLine(event, value);
  const span = findMember(topLevelMembers(data) ?? [], 'message');
  if (span === undefined) return [];
  const edited = editTopLevel(data.subarray(span.valueStart, span.valueEnd), edits);
  return edited === undefined ? [] : [{ key: 'message', value: edited.toString() }];
}
