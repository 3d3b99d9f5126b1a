import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject, tryParseJson } from '../../core/json-body.ts';
import { editTopLevel } from '../../core/json-spans.ts';
import { LIMITS } from '../../core/limits.ts';
import type { SseEvent } from '../../core/sse-reader.ts';
import { createSseReader } from '../../core/sse-reader.ts';
import type { ReplyReader, Taken } from '../transport/exchange.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { targetFault } from '../transport/fault-causes.ts';
import { errorInReply } from '../shared/error-in-reply.ts';
import { correctedFinishName, readFinishReason } from './finish-reason.ts';
import { createModelRenamer } from './model-name.ts';
import { readDelta } from './read-delta.ts';
import { createToolCallReader } from './tool-calls.ts';
import { readUsage } from '../shared/openai-usage.ts';

export type StreamReaderOptions = {
  /** Whether the events' bytes are wanted, for a client of the same dialect. */
  relay: boolean;
  replyModel: string | undefined;
  /** Bound of all bytes of the reply together. */
  maxBytes: number;
  newCallId: () => string;
};

/**
 * Reads a streamed reply. Every event is parsed once, for its parts; its bytes are handed on as they are, with the
 * model's name exchanged, usage taken out and `[DONE]` left away. Events that would break a client (no role, no index,
 * calls that share an index, arguments as an object, `stop` after calls) are written anew instead.
 *
 * Bytes wait for a part: events without content are held and leave with the next part, so that nothing goes out before
 * the target has committed itself. The `finish` part comes last, with the usage, at `[DONE]` or the end of the bytes.
 * An end without `finish_reason` is a fault, whatever came before: it must never look like a complete answer.
 */
export function openStreamReader(options: StreamReaderOptions): ReplyReader {
  const state: StreamState = {
    parts: [],
    held: [],
    heldBytes: 0,
    finish: undefined,
    usage: undefined,
    end: undefined,
    isCut: false,
    hasRole: false,
    calls: createToolCallReader(options.newCallId, 'delta'),
    rename: createModelRenamer(options.replyModel),
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
      if (state.end === undefined) endOfBytes(state, broken);
    },
    take: () => take(state),
  };
}

type StreamState = {
  parts: StreamPart[];
  held: Buffer[];
  heldBytes: number;
  finish: FinishReason | undefined;
  usage: Usage | undefined;
  end: 'complete' | UpstreamFault | undefined;
  /** The bytes are over: what does not parse now is half an event. */
  isCut: boolean;
  hasRole: boolean;
  calls: ReturnType<typeof createToolCallReader>;
  rename: ReturnType<typeof createModelRenamer>;
  options: StreamReaderOptions;
};

function take(state: StreamState): Taken {
  const { parts, held, end } = state;
  const isDue = parts.length > 0;
  state.parts = [];
  if (isDue) {
    state.held = [];
    state.heldBytes = 0;
  }
  const relay = isDue && held.length > 0 ? join(held) : undefined;
  return { parts, relay, state: end ?? (state.finish === undefined ? 'open' : 'finishing') };
}

function join(pieces: readonly Buffer[]): Buffer | undefined {
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
}

function endOfBytes(state: StreamState, broken?: UpstreamFault): void {
  if (state.finish === undefined) {
    state.end = broken ?? targetFault('truncated');
    return;
  }
  const { finish, usage } = state;
  state.parts.push({ type: 'finish', reason: finish, ...(usage === undefined ? {} : { usage }) });
  state.end = 'complete';
}

function onEvent(state: StreamState, event: SseEvent): void {
  if (state.end !== undefined || event.data === '') return;
  if (event.data === '[DONE]') {
    endOfBytes(state);
    return;
  }
  const value = tryParseJson(event.data);
  if (!isJsonObject(value)) {
    // Behind the finish nothing of the answer is missing, so garbage there does no harm.
    if (state.finish === undefined) state.end = targetFault(state.isCut ? 'truncated' : 'bad-event');
    else endOfBytes(state);
    return;
  }
  const error = errorInReply(value);
  if (error !== undefined) {
    state.end = error;
    return;
  }
  onChunk(state, event, value);
}

function onChunk(state: StreamState, event: SseEvent, value: JsonObject): void {
  const choice = pickChoice(value['choices']);
  state.usage = readUsage(value['usage']) ?? readUsage(choice?.['usage']) ?? state.usage;
  // Pings and lone usage: nothing for a client to see.
  if (choice === undefined) return;
  const given = isJsonObject(choice['delta']) ? choice['delta'] : choice['message'];
  const delta = isJsonObject(given) ? given : {};
  const read = readDelta(delta, state.calls);
  if (read.isBroken) {
    state.end = targetFault('bad-event');
    return;
  }
  const finish = readFinishReason(choice['finish_reason'], state.calls.count() > 0);
  if (finish === 'failed') {
    state.end = targetFault('error-in-reply');
    return;
  }
  state.parts.push(...read.parts);
  state.finish = finish ?? state.finish;
  if (!state.options.relay) return;
  const fixed = fixChoice(state, choice, {
    delta: read.fixed ?? delta,
    isDeltaFixed: read.fixed !== undefined,
    finish,
  });
  const choices = value['choices'];
  const isAlone = Array.isArray(choices) && choices.length === 1;
  hold(state, relayed(state, event, { value, choice: fixed ?? (isAlone ? undefined : choice) }));
}

/** Only one choice is ever asked for. */
function pickChoice(choices: unknown): JsonObject | undefined {
  if (!Array.isArray(choices)) return undefined;
  const first: unknown = choices.find((one) => isJsonObject(one) && one['index'] === 0) ?? choices[0];
  return isJsonObject(first) ? first : undefined;
}

type ChoiceReading = { delta: JsonObject; isDeltaFixed: boolean; finish: FinishReason | undefined };

/** The choice as it should have been written, or undefined when it is right as it stands. */
function fixChoice(state: StreamState, choice: JsonObject, reading: ChoiceReading): JsonObject | undefined {
  const lacksRole = !state.hasRole && typeof reading.delta['role'] !== 'string';
  state.hasRole = true;
  const given = choice['finish_reason'];
  const finishName = reading.finish === undefined ? undefined : correctedFinishName(given, reading.finish);
  const isEmptyFinish = given === '';
  const isRight =
    choice['index'] === 0 &&
    isJsonObject(choice['delta']) &&
    !reading.isDeltaFixed &&
    !lacksRole &&
    finishName === undefined &&
    !isEmptyFinish;
  if (isRight) return undefined;
  const fixed: JsonObject = {
    ...choice,
    index: 0,
    delta: lacksRole ? { role: 'assistant', ...reading.delta } : reading.delta,
  };
  delete fixed['message'];
  if (finishName !== undefined) fixed['finish_reason'] = finishName;
  else if (isEmptyFinish) fixed['finish_reason'] = null;
  return fixed;
}

/** The bytes to hand on for one event. `choice` is given where it has to be written anew. */
function relayed(
  state: StreamState,
  event: SseEvent,
  { value, choice }: { value: JsonObject; choice: JsonObject | undefined },
): Buffer[] {
  const { replyModel } = state.options;
  const hasUsage = isJsonObject(value['usage']);
  // Events of this dialect have no names.
  const raw = event.name === '' ? event.raw : undefined;
  if (choice === undefined && raw !== undefined && !hasUsage) return state.rename(raw, value);
  const model = replyModel === undefined || value['model'] === undefined ? {} : { model: replyModel };
  if (choice === undefined && raw !== undefined) {
    const edits = [{ key: 'usage', value: undefined }];
    const renamed = Object.entries(model).map(([key, name]) => ({ key, value: JSON.stringify(name) }));
    const edited = editTopLevel(Buffer.from(event.data), [...edits, ...renamed]);
    if (edited !== undefined) return [DATA, edited, END];
  }
  const whole: JsonObject = { ...value, ...model };
  if (choice !== undefined) whole['choices'] = [choice];
  if (hasUsage) delete whole['usage'];
  return [Buffer.from(`data: ${JSON.stringify(whole)}\n\n`)];
}

const DATA = Buffer.from('data: ');
const END = Buffer.from('\n\n');

function hold(state: StreamState, pieces: readonly Buffer[]): void {
  for (const piece of pieces) {
    state.held.push(piece);
    if (state.parts.length === 0) state.heldBytes += piece.length;
  }
  // A target could otherwise fill our memory with events that say nothing.
  if (state.heldBytes > LIMITS.upstreamEventMaxBytes) state.end = targetFault('event-too-large');
}
