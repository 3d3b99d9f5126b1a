import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { isContentPart } from '@switchyard/protocol/parts.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import { LIMITS } from '../../core/limits.ts';
import type { SseEvent } from '../../core/sse-reader.ts';
import { createSseReader } from '../../core/sse-reader.ts';
import { readUsage } from '../shared/openai-usage.ts';
import type { ReplyReader, Taken } from '../transport/exchange.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { targetFault } from '../transport/fault-causes.ts';
import { faultOfError } from './error-event.ts';
import { eventType, isSound, parseEvent } from './event-type.ts';
import { OutputItems, readIndex } from './output-items.ts';
import { editResponseIn, readEnd } from './response-object.ts';

export type StreamReaderOptions = {
  /** Whether the events' bytes are wanted, for a client of the same dialect. */
  relay: boolean;
  replyModel: string | undefined;
  /** Bound of all bytes of the reply together. */
  maxBytes: number;
};

/**
 * Reads a streamed reply. Events that carry a piece of the answer or a whole item are parsed; of the others only the
 * outline is looked at, since they repeat what was said. Bytes are handed on as they are, but for the model's name and
 * `store` in response objects.
 *
 * Bytes wait for the first content, so that nothing goes out before the target has committed itself. The last event of
 * an answer comes apart from all before it, together with the `finish` part; `[DONE]` is left away. An end without that
 * event is a fault, whatever came before: it must never look like a complete answer.
 */
export function openStreamReader(options: StreamReaderOptions): ReplyReader {
  const reader = new StreamReader(options);
  const events = createSseReader({
    // The last event repeats the whole answer, and the first ones the whole request but its input.
    maxEventBytes: LIMITS.replyMaxBytes,
    onEvent: (event) => reader.onEvent(event),
  });
  let bytes = 0;
  return {
    push(chunk) {
      if (reader.end !== undefined) return;
      bytes += chunk.length;
      if (bytes > options.maxBytes) reader.end = targetFault('reply-too-large');
      else if (!events.push(chunk)) reader.end ??= targetFault('event-too-large');
    },
    close(broken) {
      reader.isCut = true;
      if (broken === undefined && reader.end === undefined) events.end();
      reader.end ??= broken ?? targetFault('truncated');
    },
    take: () => reader.take(),
  };
}

/** The event that ended an answer, apart from all that came before. */
type Tail = { finish: StreamPart; relay: Buffer | undefined };

class StreamReader {
  end: 'complete' | UpstreamFault | undefined;
  /** The bytes are over: what does not parse now is half an event. */
  isCut = false;
  readonly #options: StreamReaderOptions;
  readonly #items: OutputItems;
  #parts: StreamPart[] = [];
  #held: Buffer[] = [];
  #heldBytes = 0;
  #hasContent = false;
  #hasWorked = false;
  #tail: Tail | undefined;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
    this.#items = new OutputItems(options.relay);
  }

  take(): Taken {
    const parts = this.#parts;
    const tail = this.#tail;
    const isDue = this.#hasContent || tail !== undefined;
    const relay = isDue ? this.#takeHeld() : undefined;
    this.#parts = [];
    if (tail !== undefined && parts.length === 0 && relay === undefined) {
      this.#tail = undefined;
      return { parts: [tail.finish], relay: tail.relay, state: 'complete' };
    }
    if (tail !== undefined) return { parts, relay, state: 'more' };
    const hasWorked = this.#hasWorked;
    this.#hasWorked = false;
    return { parts, relay, state: this.end ?? (hasWorked && parts.length === 0 ? 'working' : 'open') };
  }

  #takeHeld(): Buffer | undefined {
    const held = this.#held;
    if (held.length === 0) return undefined;
    this.#held = [];
    this.#heldBytes = 0;
    return held.length === 1 ? held[0] : Buffer.concat(held);
  }

  onEvent(event: SseEvent): void {
    if (this.end !== undefined || event.data === '') return;
    if (event.data === '[DONE]') {
      this.end = targetFault('truncated');
      return;
    }
    const type = eventType(event);
    if (type === undefined) return this.#breakOff();
    this.#hasWorked = true;
    switch (type) {
      case 'response.output_text.delta':
        return this.#content(event, type, (value) => this.#items.textDelta('text', value));
      case 'response.refusal.delta':
        return this.#content(event, type, (value) => this.#items.textDelta('refusal', value));
      case 'response.reasoning_text.delta':
        return this.#content(event, type, (value) => this.#items.textDelta('reasoning', value));
      case 'response.reasoning_summary_text.delta':
        return this.#content(event, type, (value) => this.#items.summaryDelta(value));
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.#content(event, type, (value) => this.#items.argumentsDelta(value));
      case 'response.output_item.added':
        return this.#content(event, type, (value) => this.#item(value, 'added'));
      case 'response.output_item.done':
        return this.#content(event, type, (value) => this.#item(value, 'done'));
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        return this.#ended(event, type);
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
        return this.#echo(event, type);
      case 'error':
      case '':
        return this.#failed(event, type);
      default:
        return this.#other(event, type);
    }
  }

  /** `read` gives undefined for what cannot be understood. */
  #content(event: SseEvent, type: string, read: (value: JsonObject) => StreamPart[] | undefined): void {
    const value = parseEvent(event, type);
    const parts = value === undefined ? undefined : read(value);
    if (parts === undefined) return this.#breakOff();
    for (const part of parts) {
      this.#parts.push(part);
      this.#hasContent ||= isContentPart(part);
    }
    this.#hold(event, type);
  }

  #item(value: JsonObject, step: 'added' | 'done'): StreamPart[] | undefined {
    const { item } = value;
    return isJsonObject(item) ? this.#items[step](readIndex(value['output_index']), item) : undefined;
  }

  /** The first events carry the response object as it stands then: mostly the request. */
  #echo(event: SseEvent, type: string): void {
    const data = dataOf(event);
    const edited = isSound(data, type) ? editResponseIn(data, this.#options.replyModel) : undefined;
    if (edited === undefined) return this.#breakOff();
    this.#hold(event, type, edited === data ? undefined : edited);
  }

  #other(event: SseEvent, type: string): void {
    if (!isSound(dataOf(event), type)) return this.#breakOff();
    this.#hold(event, type);
  }

  /** An `error` event, or what some proxy wrote in its own way. */
  #failed(event: SseEvent, type: string): void {
    const value = parseEvent(event, type);
    if (value === undefined) return this.#breakOff();
    if (type === 'error' || isJsonObject(value['error'])) this.end = faultOfError(value);
  }

  #ended(event: SseEvent, type: string): void {
    const response = parseEvent(event, type)?.['response'];
    if (!isJsonObject(response)) return this.#breakOff();
    if (!this.#catchUp(response['output'])) return this.#breakOff();
    const reason = readEnd(response, this.#items.hasClientCall(), type.slice('response.'.length));
    if (reason === 'failed' || reason === undefined) {
      this.end = faultOfError(response);
      return;
    }
    const usage = readUsage(response['usage']);
    this.#tail = {
      finish: { type: 'finish', reason, ...(usage === undefined ? {} : { usage }) },
      relay: this.#options.relay ? this.#lastEvent(event, type) : undefined,
    };
    this.end = 'complete';
  }

  /** Servers exist that send nothing but the last event. */
  #catchUp(output: unknown): boolean {
    if (!this.#items.isEmpty() || !Array.isArray(output)) return true;
    for (const [index, item] of output.entries()) {
      const parts = isJsonObject(item) ? this.#items.done(index, item) : undefined;
      if (parts === undefined) return false;
      this.#parts.push(...parts);
    }
    return true;
  }

  #lastEvent(event: SseEvent, type: string): Buffer {
    const data = dataOf(event);
    const edited = editResponseIn(data, this.#options.replyModel);
    return written(event, type, edited === data ? undefined : edited);
  }

  #breakOff(): void {
    this.end = targetFault(this.isCut ? 'truncated' : 'bad-event');
  }

  /** `edited` is given where the data changed. */
  #hold(event: SseEvent, type: string, edited?: Buffer): void {
    if (!this.#options.relay) return;
    const bytes = written(event, type, edited);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    // A target could otherwise fill our memory with events that say nothing.
    if (this.#heldBytes > LIMITS.replyMaxBytes) this.end = targetFault('event-too-large');
  }
}

/** The bytes to hand on: the event's own where nothing in it changed. */
function written(event: SseEvent, type: string, edited: Buffer | undefined): Buffer {
  const { raw, dataStart, name } = event;
  if (raw !== undefined && name === type) {
    return edited === undefined ? raw : Buffer.concat([raw.subarray(0, dataStart), edited, END]);
  }
  return Buffer.concat([Buffer.from(`event: ${type}\ndata: `), edited ?? dataOf(event), END]);
}

const END = Buffer.from('\n\n');

function dataOf({ raw, dataStart, data }: SseEvent): Buffer {
  return raw === undefined ? oneLine(data) : raw.subarray(dataStart, raw.length - 2);
}

/** JSON over several `data:` lines has its line ends between tokens only. */
function oneLine(data: string): Buffer {
  return Buffer.from(data.replaceAll('\n', ' '));
}
