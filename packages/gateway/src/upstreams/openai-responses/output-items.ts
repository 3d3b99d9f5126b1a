import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import { LIMITS } from '../../core/limits.ts';

/**
 * What is known of one output item: how far its texts were given out already, and which call it is. Numbers only: the
 * texts themselves, which later events repeat as a whole, are never kept.
 */
type Item = {
  /** Content parts and summaries with a lower index were given out. */
  contents: number;
  summaries: number;
  call: { index: number; hasArguments: boolean } | undefined;
  isMarked: boolean;
};

/** Calls of tools that the client runs: they end an answer as `tool-calls`. */
const CLIENT_CALLS: ReadonlySet<unknown> = new Set([
  'function_call',
  'custom_tool_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
]);

/**
 * Turns deltas and items into parts, each text once: what came as deltas is skipped where the item repeats it, and what
 * never came as deltas is taken from the item. `relay`: the client gets the bytes, and parts only count. Items of kinds
 * that only such a client can have asked for then count as a call, so that no answer counts as empty.
 */
export class OutputItems {
  readonly #byIndex = new Map<number, Item>();
  readonly #byId = new Map<string, Item>();
  readonly #relay: boolean;
  #calls = 0;
  #hasClientCall = false;

  constructor(relay: boolean) {
    this.#relay = relay;
  }

  /** Whether no item was seen at all. */
  isEmpty(): boolean {
    return this.#byIndex.size === 0;
  }

  /** Whether the answer ends with calls for the client. */
  hasClientCall(): boolean {
    return this.#hasClientCall;
  }

  /** Parts of `response.output_item.added`. Here and below, undefined when there are more items than any answer has. */
  added(index: number, value: JsonObject): StreamPart[] | undefined {
    const item = this.#item(index, value['id']);
    if (item === undefined) return undefined;
    const parts: StreamPart[] = [];
    this.#open(item, value, parts);
    return parts;
  }

  textDelta(kind: 'text' | 'refusal' | 'reasoning', event: JsonObject): StreamPart[] | undefined {
    const text = event['delta'];
    const item = this.#itemOf(event);
    const content = readIndex(event['content_index']);
    if (typeof text !== 'string' || item === undefined) return undefined;
    item.contents = Math.max(item.contents, content + 1);
    return text === '' ? [] : [{ type: `${kind}-delta`, text }];
  }

  /** Summaries of one item are set apart, as their parts are. */
  summaryDelta(event: JsonObject): StreamPart[] | undefined {
    const text = event['delta'];
    const item = this.#itemOf(event);
    const summary = readIndex(event['summary_index']);
    if (typeof text !== 'string' || item === undefined) return undefined;
    const isNext = summary >= item.summaries && item.summaries > 0;
    item.summaries = Math.max(item.summaries, summary + 1);
    return text === '' ? [] : [{ type: 'reasoning-delta', text: isNext ? PARAGRAPH + text : text }];
  }

  argumentsDelta(event: JsonObject): StreamPart[] | undefined {
    const argumentsText = event['delta'];
    const call = this.#itemOf(event)?.call;
    if (typeof argumentsText !== 'string') return undefined;
    // A call that was never announced has no name yet: its end will tell all of it.
    if (call === undefined || argumentsText === '') return [];
    call.hasArguments = true;
    return [{ type: 'tool-call-delta', index: call.index, argumentsText }];
  }

  /** Parts of `response.output_item.done`, and of each item of a whole reply. */
  done(index: number, value: JsonObject): StreamPart[] | undefined {
    const item = this.#item(index, value['id']);
    if (item === undefined) return undefined;
    const parts: StreamPart[] = [];
    this.#open(item, value, parts);
    switch (value['type']) {
      case 'message':
        this.#readContents(item, value['content'], parts);
        break;
      case 'reasoning':
        this.#readReasoning(item, value, parts);
        break;
      case 'function_call':
        this.#readArguments(item, value['arguments'], parts);
        break;
      case 'custom_tool_call':
        if (this.#relay) this.#readArguments(item, value['input'], parts);
        break;
      default:
        break;
    }
    return parts;
  }

  /** The call that an item is begins with the first event that names it. */
  #open(item: Item, value: JsonObject, parts: StreamPart[]): void {
    if (item.isMarked) return;
    const call = readCall(value, this.#relay);
    if (call === undefined) return;
    item.isMarked = true;
    if (CLIENT_CALLS.has(value['type'])) this.#hasClientCall = true;
    item.call = { index: this.#calls, hasArguments: false };
    this.#calls += 1;
    parts.push({ type: 'tool-call-start', index: item.call.index, ...call });
  }

  #readContents(item: Item, value: unknown, parts: StreamPart[]): void {
    for (const [index, part] of list(value).entries()) {
      if (index < item.contents || !isJsonObject(part)) continue;
      item.contents = index + 1;
      const isRefusal = part['type'] === 'refusal';
      const text = isRefusal ? part['refusal'] : part['text'];
      if (typeof text !== 'string' || text === '') continue;
      parts.push({ type: isRefusal ? 'refusal-delta' : 'text-delta', text });
    }
  }

  /** The seal comes last: it ends the reasoning before it. */
  #readReasoning(item: Item, value: JsonObject, parts: StreamPart[]): void {
    for (const [index, part] of list(value['summary']).entries()) {
      if (index < item.summaries || !isJsonObject(part)) continue;
      const text = part['text'];
      if (typeof text !== 'string' || text === '') continue;
      parts.push({ type: 'reasoning-delta', text: item.summaries > 0 ? PARAGRAPH + text : text });
      item.summaries = index + 1;
    }
    for (const [index, part] of list(value['content']).entries()) {
      if (index < item.contents || !isJsonObject(part)) continue;
      item.contents = index + 1;
      const text = part['text'];
      if (typeof text === 'string' && text !== '') parts.push({ type: 'reasoning-delta', text });
    }
    const data = value['encrypted_content'];
    if (item.isMarked || typeof data !== 'string' || data === '') return;
    item.isMarked = true;
    parts.push({ type: 'reasoning-seal', seal: { kind: 'encrypted', data } });
  }

  #readArguments({ call }: Item, text: unknown, parts: StreamPart[]): void {
    if (call === undefined || call.hasArguments || typeof text !== 'string' || text === '') return;
    call.hasArguments = true;
    parts.push({ type: 'tool-call-delta', index: call.index, argumentsText: text });
  }

  #itemOf(event: JsonObject): Item | undefined {
    return this.#item(readIndex(event['output_index']), event['item_id']);
  }

  /** Servers exist that change an item's id from event to event, and others that miscount its index. */
  #item(index: number, id: unknown): Item | undefined {
    const key = typeof id === 'string' ? id : '';
    const known = this.#byId.get(key) ?? this.#byIndex.get(index);
    if (known !== undefined) return known;
    if (this.#byIndex.size >= LIMITS.messagesMax) return undefined;
    const item: Item = { contents: 0, summaries: 0, call: undefined, isMarked: false };
    this.#byIndex.set(index, item);
    if (key !== '') this.#byId.set(key, item);
    return item;
  }
}

/** The call that an item is, for this client. A function that lacks its name or id is none yet. */
function readCall(item: JsonObject, relay: boolean): { id: string; name: string } | undefined {
  const { type } = item;
  if (typeof type !== 'string' || type === 'message' || type === 'reasoning') return undefined;
  const id = readText(item['call_id']) ?? readText(item['id']);
  const name = readText(item['name']);
  if (type === 'function_call') return id === undefined || name === undefined ? undefined : { id, name };
  return relay ? { id: id ?? '', name: name ?? type } : undefined;
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Between two summaries of one item. */
const PARAGRAPH = '\n\n';

/** A missing index is that of the only item or part there is. */
export function readIndex(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
