import { isContentPart } from '@switchyard/protocol/parts.ts';
import type { FinishPart, StreamPart } from '@switchyard/protocol/parts.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import type { MemberEdit } from '../../core/json-spans.ts';
import { LIMITS } from '../../core/limits.ts';
import type { SseEvent } from '../../core/sse-reader.ts';
import { createSseReader } from '../../core/sse-reader.ts';
import type { ReplyReader, Taken } from '../transport/exchange.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { targetFault } from '../transport/fault-causes.ts';
import type { BlockReader } from './content-blocks.ts';
import { createBlockReader } from './content-blocks.ts';
import { errorInAnswer } from './provider-fault.ts';
import { messageStartEdits, relayedEvent } from './relayed-events.ts';
import { readStopReason } from './stop-reason.ts';
import type { ToolNames } from './tool-names.ts';
import { readUsage } from './usage.ts';

export type StreamReaderOptions = {
  /** Whether the events' bytes are wanted, for a client of the same dialect. */
  relay: boolean;
  replyModel: string | undefined;
  /** Told in `message_start` where the target tells nothing. */
  estimatedInputTokens: number;
  names: Pick<ToolNames, 'toClient'>;
  /** Bound of all bytes of the reply together. */
  maxBytes: number;
};

/**
 * Reads a streamed reply. Every event is parsed once, for its parts; its bytes are handed on as they are, with the
 * model's name exchanged and without pings and `message_stop`. `message_delta`, which holds the usage, is kept back and
 * leaves last, together with the `finish` part.
 *
 * Nothing leaves before the first content: until then another target may still answer. Only `message_stop` ends an
 * answer well; the end of the bytes without it is a fault, whatever came before.
 */
export function openStreamReader(options: StreamReaderOptions): ReplyReader {
  const state: StreamState = {
    phase: 'before',
    parts: [],
    relay: [],
    last: [],
    heldBytes: 0,
    isCommitted: false,
    sawWork: false,
    startUsage: undefined,
    endUsage: {},
    stop: {},
    end: undefined,
    isCut: false,
    blocks: createBlockReader({ names: options.names, countNative: options.relay }),
    options,
  };
  const events = createSseReader({
    maxEventBytes: LIMITS.upstreamEventMaxBytes,
    onEvent: (event) => onEvent(state, event),
  });
  let bytes = 0;
  return {
    push(chunk) {
      if (state.end !== undefined) return;
      bytes += chunk.length;
      if (bytes > options.maxBytes) state.end = targetFault('reply-too-large');
      else if (!events.push(chunk)) state.end ??= targetFault('event-too-large');
    },
    close(broken) {
      state.isCut = true;
      if (broken === undefined && state.end === undefined) events.end();
      state.end ??= broken ?? targetFault('truncated');
    },
    take: () => take(state),
  };
}

type StreamState = {
  phase: 'before' | 'message';
  /** What the next `take` hands out, but for what waits behind the first content. */
  parts: StreamPart[];
  relay: Buffer[];
  /** `message_delta`, for the end. */
  last: Buffer[];
  /** Of what waits behind the first content, or in `last`. */
  heldBytes: number;
  isCommitted: boolean;
  /** An event other than a ping came since the last `take`. */
  sawWork: boolean;
  startUsage: unknown;
  /** Of all `message_delta` together. */
  endUsage: JsonObject;
  /** From `message_delta`. */
  stop: JsonObject;
  end: 'complete' | UpstreamFault | undefined;
  /** The bytes are over: what does not parse now is half an event. */
  isCut: boolean;
  blocks: BlockReader;
  options: StreamReaderOptions;
};

function take(state: StreamState): Taken {
  const { parts, relay, end, sawWork } = state;
  state.sawWork = false;
  state.isCommitted ||= end === 'complete';
  if (!state.isCommitted) return { parts: [], relay: undefined, state: end ?? progress(state, sawWork) };
  state.parts = [];
  state.relay = [];
  return {
    parts,
    relay: relay.length > 1 ? Buffer.concat(relay) : relay[0],
    state: end ?? progress(state, sawWork),
  };
}

function progress({ stop }: StreamState, sawWork: boolean): 'open' | 'working' | 'finishing' {
  if (typeof stop['stop_reason'] === 'string') return 'finishing';
  return sawWork ? 'working' : 'open';
}

function onEvent(state: StreamState, event: SseEvent): void {
  if (state.end !== undefined || event.data === '' || event.data === '[DONE]') return;
  const value = tryParseJson(event.data);
  if (!isJsonObject(value)) {
    state.end = targetFault(state.isCut ? 'truncated' : 'bad-event');
    return;
  }
  if (value['type'] === 'ping') return;
  state.end = errorInAnswer(value);
  if (state.end !== undefined) return;
  state.sawWork = true;
  if (!onMessageEvent(state, event, value)) state.end = targetFault('bad-event');
}

/** False when the event makes no sense where it stands. */
function onMessageEvent(state: StreamState, event: SseEvent, value: JsonObject): boolean {
  const { type, index } = value;
  if (type === 'message_start') return onStart(state, event, value);
  if (state.phase === 'before') return false;
  const { blocks } = state;
  switch (type) {
    case 'content_block_start':
      return onBlock(state, { event, value, parts: blocks.start(index, value['content_block']) });
    case 'content_block_delta':
      return onBlock(state, { event, value, parts: blocks.delta(index, value['delta']) });
    case 'content_block_stop':
      return onBlock(state, { event, value, parts: blocks.stop(index) });
    case 'message_delta':
      return onDelta(state, event, value);
    case 'message_stop':
      return onStop(state);
    default:
      hold(state, state.relay, { event, value });
      return true;
  }
}

function onStart(state: StreamState, event: SseEvent, value: JsonObject): boolean {
  const { message } = value;
  if (state.phase !== 'before' || !isJsonObject(message)) return false;
  state.phase = 'message';
  state.startUsage = message['usage'];
  const edits = state.options.relay ? messageStartEdits(event, value, state.options) : [];
  hold(state, state.relay, { event, value, edits });
  return true;
}

type BlockEvent = { event: SseEvent; value: JsonObject; parts: StreamPart[] | undefined };

function onBlock(state: StreamState, { event, value, parts }: BlockEvent): boolean {
  if (parts === undefined) return false;
  for (const part of parts) state.parts.push(part);
  state.isCommitted ||= parts.some(isContentPart);
  // Clients lose text without a word when indexes have gaps.
  const position = state.blocks.position(value['index']);
  const edits = position === value['index'] ? [] : [{ key: 'index', value: String(position) }];
  hold(state, state.relay, { event, value, edits });
  return true;
}

function onDelta(state: StreamState, event: SseEvent, value: JsonObject): boolean {
  const { delta, usage } = value;
  if (isJsonObject(delta)) state.stop = { ...state.stop, ...delta };
  if (isJsonObject(usage)) state.endUsage = { ...state.endUsage, ...told(usage) };
  hold(state, state.last, { event, value });
  return true;
}

/** Counts are null where nothing is said of them. */
function told(usage: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null));
}

function onStop(state: StreamState): boolean {
  const { stop, blocks, options } = state;
  const finish = finishOf(stop, blocks.calls());
  if (finish === undefined) return false;
  state.parts.push(...blocks.end());
  if (!options.relay) state.parts.push(...refusalOf(stop));
  const usage = readUsage(state.startUsage, state.endUsage);
  state.parts.push({ ...finish, ...(usage === undefined ? {} : { usage }) });
  state.relay.push(...state.last);
  state.end = 'complete';
  return true;
}

/** The finish of an answer, without its usage. `stop` holds `stop_reason` and `stop_sequence`. */
export function finishOf(stop: JsonObject, calls: number): FinishPart | undefined {
  const reason = readStopReason(stop['stop_reason'], calls > 0);
  if (reason === undefined) return undefined;
  const sequence = stop['stop_sequence'];
  return { type: 'finish', reason, ...(typeof sequence === 'string' ? { stopSequence: sequence } : {}) };
}

/** Why the provider refused, where it says so: other dialects have a place for it in the answer. */
export function refusalOf({ stop_reason: reason, stop_details: details }: JsonObject): StreamPart[] {
  const text = isJsonObject(details) ? details['explanation'] : undefined;
  return reason === 'refusal' && typeof text === 'string' && text !== ''
    ? [{ type: 'refusal-delta', text }]
    : [];
}

type Held = { event: SseEvent; value: JsonObject; edits?: readonly MemberEdit[] };

function hold(state: StreamState, place: Buffer[], { event, value, edits = [] }: Held): void {
  const bytes = state.options.relay ? relayedEvent(event, value, edits) : undefined;
  if (bytes !== undefined) place.push(bytes);
  if (state.isCommitted && place !== state.last) return;
  state.heldBytes += bytes?.length ?? event.data.length;
  // A target could otherwise fill our memory with events that say nothing.
  if (state.heldBytes > LIMITS.upstreamEventMaxBytes) state.end = targetFault('event-too-large');
}
