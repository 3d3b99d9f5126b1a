import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import { editMembers, findMember, topLevelMembers } from '../../core/json-spans.ts';
import type { MemberEdit } from '../../core/json-spans.ts';
import { LIMITS } from '../../core/limits.ts';
import { createSseReader } from '../../core/sse-reader.ts';
import type { ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import { chargedUsage, usageJson } from './usage.ts';

/** Events of a provider of this dialect on their way to the client. */
export type EventRelay = {
  /** Gives the bytes to write now: all but the last `message_delta`. */
  pass(events: Buffer): Buffer;
  /** The provider's own `message_delta` with the charged usage in it; undefined when none came. */
  lastDelta(outcome: ReplyOutcome): Buffer | undefined;
};

const LF = 0x0a;
const CR = 0x0d;
const DELTA_NAME = 'message_delta';
const DELTA_NAME_BYTES = Buffer.from(DELTA_NAME);

/**
 * Hands events on and keeps the `message_delta` back: its usage is written when the charge is on disk, and the rest of
 * it (`stop_reason`, `stop_details`, `container`, `context_management`) stays as the provider wrote it. Pieces that do
 * not hold the word are not looked into.
 */
export function createEventRelay(options: ReplyOptions): EventRelay {
  let held: { event: Buffer; data: string } | undefined;
  return {
    pass(events) {
      if (!events.includes(DELTA_NAME_BYTES)) return events;
      const passing: Buffer[] = [];
      for (const event of splitEvents(events)) {
        const data = event.includes(DELTA_NAME_BYTES) ? messageDelta(event) : undefined;
        if (data === undefined) {
          passing.push(event);
          continue;
        }
        // There may be several, with rising counts. Only the last one is the end.
        if (held !== undefined) passing.push(held.event);
        held = { event, data };
      }
      return Buffer.concat(passing);
    },
    lastDelta(outcome) {
      if (held === undefined) return undefined;
      // A line break in JSON is only white space, but would end the line of the event.
      const data = Buffer.from(held.data.replaceAll('\n', ' '));
      const charged = withCharge(data, { outcome, options, edits: [] });
      return charged && Buffer.concat([Buffer.from(`event: ${DELTA_NAME}\ndata: `), charged, BLANK_LINE]);
    },
  };
}

const BLANK_LINE = Buffer.from('\n\n');

/** A provider's whole reply with our name of the model and the charged usage in its bytes. */
export function relayedMessage(
  body: Buffer,
  options: ReplyOptions,
  outcome: ReplyOutcome,
): Buffer | undefined {
  const edits = [{ key: 'model', value: JSON.stringify(options.model) }];
  return withCharge(body, { outcome, options, edits });
}

type Charge = { outcome: ReplyOutcome; options: ReplyOptions; edits: readonly MemberEdit[] };

function withCharge(object: Buffer, { outcome, options, edits }: Charge): Buffer | undefined {
  const members = topLevelMembers(object);
  if (members === undefined) return undefined;
  const span = findMember(members, 'usage');
  const own =
    span === undefined
      ? undefined
      : chargedUsage(object.subarray(span.valueStart, span.valueEnd), outcome, options.requestId);
  const usage = own?.toString() ?? usageJson(outcome, options.requestId);
  return editMembers(object, members, { edits: [...edits, { key: 'usage', value: usage }], keep: undefined });
}

/** Complete events, each with the blank line behind it. What has no blank line is the last one. */
function splitEvents(events: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let start = 0;
  while (start < events.length) {
    const end = eventEnd(events, start);
    pieces.push(events.subarray(start, end));
    start = end;
  }
  return pieces;
}

function eventEnd(events: Buffer, start: number): number {
  let lineEnd = events.indexOf(LF, start);
  while (lineEnd !== -1) {
    const next = events[lineEnd + 1] === CR ? lineEnd + 2 : lineEnd + 1;
    if (events[next] === LF) return next + 1;
    lineEnd = events.indexOf(LF, lineEnd + 1);
  }
  return events.length;
}

/** The data of an event, if it is the one and not just a text that holds its name. */
function messageDelta(event: Buffer): string | undefined {
  let found: string | undefined;
  const reader = createSseReader({
    maxEventBytes: LIMITS.upstreamEventMaxBytes,
    onEvent: ({ data }) => {
      const value = tryParseJson(data);
      if (isJsonObject(value) && value['type'] === DELTA_NAME) found = data;
    },
  });
  if (reader.push(event)) reader.end();
  return found;
}
