import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { Fault } from '../../core/errors.ts';
import { fault } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import type { MemberEdit } from '../../core/json-spans.ts';
import { editMembers, findMember, topLevelMembers } from '../../core/json-spans.ts';
import type { SseEvent } from '../../core/sse-reader.ts';
import { createSseReader } from '../../core/sse-reader.ts';
import type { ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import { eventText } from './event-writer.ts';
import { errorMembers, failureJson } from './failure.ts';
import type { ResponseWriter } from './response-object.ts';
import { responseId } from './response-object.ts';
import { chargedUsage } from './usage.ts';

/** The events of a target of this dialect on their way to the client. */
export type Relay = {
  /** The bytes to hand on now. */
  pass(parts: readonly StreamPart[], bytes: Buffer | undefined): Buffer | string;
  end(outcome: ReplyOutcome): Buffer | string;
  fault(value: Fault): string;
};

export type RelayOptions = {
  reply: ReplyOptions;
  /** Writes our own Response object, for a failure before the target gave one. */
  ownResponse: ResponseWriter;
  /** The client was told of our own response while it waited. */
  isOpen: boolean;
};

const EMPTY = Buffer.alloc(0);
const DONE = Buffer.from('data: [DONE]\n\n');
const BLANK_LINE = Buffer.from('\n\n');
const OPENING_EVENTS = new Set(['response.created', 'response.queued', 'response.in_progress']);

/**
 * Hands events on as they came. The contract with such targets: all bytes are complete events with our name of the
 * model in them, and the last one (`response.completed` or `response.incomplete`) comes together with the `finish`
 * part, `[DONE]` never. So the bytes that come with `finish` wait for the end, where that event gets the charged usage.
 *
 * Where the client was told of a response of ours, the target's own opening is left out and its last event gets our id:
 * an id that changes within a stream breaks clients.
 */
export function createRelay(options: RelayOptions): Relay {
  const { ownResponse, isOpen } = options;
  let first: Buffer | undefined;
  let last: Buffer | undefined;
  let passedBytes = 0;
  let isOpening = isOpen;

  const failure = (value: Fault) => {
    const failed =
      (isOpen ? undefined : failedResponse(first, value)) ??
      ownResponse({ status: 'failed', errorJson: failureJson(value) });
    // No event is shorter than a byte, so this number is higher than any that was given out.
    return (
      eventText('error', passedBytes, errorMembers(value)) +
      eventText('response.failed', passedBytes + 1, `"response":${failed}`)
    );
  };

  return {
    pass(parts, bytes) {
      if (parts.at(-1)?.type === 'finish') {
        last = bytes;
        return '';
      }
      if (bytes === undefined) return '';
      first ??= bytes;
      passedBytes += bytes.length;
      if (!isOpening) return bytes;
      const passing = readEvents(bytes).filter(({ name }) => !OPENING_EVENTS.has(name));
      isOpening = passing.length === 0;
      return Buffer.concat(passing.map(({ name, data }) => eventBytes(name, Buffer.from(data))));
    },
    end(outcome) {
      if (last === undefined) return failure(fault('upstream_failed'));
      const events = readEvents(last);
      const pieces = events.map(({ name, data }, index) => {
        if (isOpen && OPENING_EVENTS.has(name)) return EMPTY;
        const bytes = Buffer.from(data);
        return eventBytes(name, index === events.length - 1 ? chargedEvent(bytes, outcome, options) : bytes);
      });
      return Buffer.concat([...pieces, DONE]);
    },
    fault: failure,
  };
}

/** The target's last event with the charge in it. */
function chargedEvent(data: Buffer, outcome: ReplyOutcome, { reply, isOpen }: RelayOptions): Buffer {
  const members = topLevelMembers(data);
  const span = members && findMember(members, 'response');
  if (members === undefined || span === undefined) return data;
  const id = isOpen ? [{ key: 'id', value: JSON.stringify(responseId(reply.requestId)) }] : [];
  const response = data.subarray(span.valueStart, span.valueEnd);
  const charged = relayedResponse(response, reply, outcome, id);
  if (charged === undefined) return data;
  return editMembers(data, members, {
    edits: [{ key: 'response', value: charged.toString() }],
    keep: undefined,
  });
}

/** A target's Response object with our name of the model, the charged usage, and the truth about `store` in its bytes. */
export function relayedResponse(
  response: Buffer,
  options: ReplyOptions,
  outcome: ReplyOutcome,
  others: readonly MemberEdit[] = [],
): Buffer | undefined {
  const members = topLevelMembers(response);
  if (members === undefined) return undefined;
  const span = findMember(members, 'usage');
  const usage = span && response.subarray(span.valueStart, span.valueEnd);
  const edits: MemberEdit[] = [
    ...others,
    { key: 'model', value: JSON.stringify(options.model) },
    { key: 'store', value: 'false' },
    { key: 'usage', value: chargedUsage(usage, outcome, options.requestId) },
  ];
  return editMembers(response, members, { edits, keep: undefined });
}

/** The Response object that the target began with, as a failed one. */
function failedResponse(first: Buffer | undefined, value: Fault): string | undefined {
  const created = first && readEvents(first)[0];
  const event = created && tryParseJson(created.data);
  const response: unknown = isJsonObject(event) ? event['response'] : undefined;
  if (!isJsonObject(response)) return undefined;
  const error: unknown = JSON.parse(failureJson(value));
  const failed: JsonObject = { ...response, status: 'failed', store: false, error };
  return JSON.stringify(failed);
}

function readEvents(bytes: Buffer): SseEvent[] {
  const events: SseEvent[] = [];
  const reader = createSseReader({
    maxEventBytes: Number.POSITIVE_INFINITY,
    onEvent: (event) => events.push(event),
  });
  reader.push(bytes);
  reader.end();
  return events;
}

/** A line break in JSON is only white space, but would end the line of the event. */
function eventBytes(name: string, data: Buffer): Buffer {
  const line = data.includes('\n') ? Buffer.from(data.toString().replaceAll('\n', ' ')) : data;
  return Buffer.concat([Buffer.from(`event: ${name}\ndata: `), line, BLANK_LINE]);
}
