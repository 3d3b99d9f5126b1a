import { expect } from 'vitest';

/**
 * For the tests of this folder: reads a stream as the strictest client would, and throws where one of the real ones
 * does (openai's stream helper, Vercel's schemas, Codex).
 */
export type Json = Record<string, unknown>;

export type StreamEvent = Json & { type: string };

export type ReadStream = {
  /** The Response object of the last event. */
  response: Json;
  /** The items as the events in between built them up. */
  items: Json[];
  events: StreamEvent[];
};

const TERMINAL = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** All events of a stream; `[DONE]` must be there exactly when the answer did not fail. */
export function parseEvents(text: string): StreamEvent[] {
  const blocks = text.split('\n\n');
  expect(blocks.pop()).toBe('');
  const isDone = blocks.at(-1) === 'data: [DONE]';
  if (isDone) blocks.pop();
  const events = blocks.map((block) => {
    const [name = '', data = '', ...rest] = block.split('\n');
    expect(rest).toEqual([]);
    const event = JSON.parse(data.slice('data: '.length)) as StreamEvent;
    expect(name).toBe(`event: ${event.type}`);
    return event;
  });
  expect(isDone).toBe(events.at(-1)?.type !== 'response.failed');
  return events;
}

export function readStream(text: string): ReadStream {
  const events = parseEvents(text);
  const items: Item[] = [];
  const ids = new Set<unknown>();
  const [created, inProgress, ...others] = events;
  const last = others.pop();
  expect([created?.type, inProgress?.type]).toEqual(['response.created', 'response.in_progress']);
  for (const [index, event] of events.entries()) expect(event['sequence_number']).toBe(index);
  if (last === undefined || !TERMINAL.has(last.type)) throw new Error('no last event');
  for (const event of others) {
    if (event.type === 'error' || event.type === 'response.in_progress') continue;
    if (event.type === 'response.output_item.added') {
      const item = event['item'] as Json;
      expect(event['output_index']).toBe(items.length);
      expect(item['status']).toBe('in_progress');
      expect(ids.has(item['id'])).toBe(false);
      ids.add(item['id']);
      items.push(new Item(item));
      continue;
    }
    const item = items[event['output_index'] as number];
    if (item === undefined) throw new Error(`an event without its item: ${event.type}`);
    item.take(event);
  }
  const response = last['response'] as Json;
  const first = created?.['response'] as Json;
  expect(first).toMatchObject({ status: 'in_progress', output: [], usage: null, store: false });
  for (const key of ['id', 'model', 'created_at']) expect(response[key]).toBe(first[key]);
  if (last.type !== 'response.failed') {
    expect(`response.${String(response['status'])}`).toBe(last.type);
    for (const item of items) expect(item.isDone).toBe(true);
    expect(response['output']).toEqual(items.map((item) => item.value));
  }
  return { response, items: items.map((item) => item.value), events };
}

type Part = { list: Json[]; part: Json; member: string; delta: string; done: string };

/** Which member of a part grows, and the events that say so. */
const PART_KINDS: Record<string, { list: string; member: string; name: string }> = {
  output_text: { list: 'content', member: 'text', name: 'response.output_text' },
  refusal: { list: 'content', member: 'refusal', name: 'response.refusal' },
  reasoning_text: { list: 'content', member: 'text', name: 'response.reasoning_text' },
  summary_text: { list: 'summary', member: 'text', name: 'response.reasoning_summary_text' },
};

const CALL_MEMBERS: Record<string, { member: string; name: string }> = {
  function_call: { member: 'arguments', name: 'response.function_call_arguments' },
  custom_tool_call: { member: 'input', name: 'response.custom_tool_call_input' },
};

class Item {
  value: Json;
  isDone = false;
  #part: Part | undefined;
  #isCallDone = false;

  constructor(value: Json) {
    this.value = structuredClone(value);
    const call = CALL_MEMBERS[String(value['type'])];
    if (call !== undefined) expect(value[call.member]).toBe('');
    else expect(value['content'] ?? value['summary']).toEqual([]);
  }

  take(event: StreamEvent): void {
    expect(this.isDone).toBe(false);
    if (event.type === 'response.output_item.done') {
      this.#end(event['item'] as Json);
      return;
    }
    expect(event['item_id']).toBe(this.value['id']);
    const call = CALL_MEMBERS[String(this.value['type'])];
    if (call === undefined) this.#takePart(event);
    else this.#takeCall(event, call);
  }

  #end(item: Json): void {
    expect(this.#part).toBe(undefined);
    if (CALL_MEMBERS[String(this.value['type'])] !== undefined) expect(this.#isCallDone).toBe(true);
    expect(['completed', 'incomplete']).toContain(item['status']);
    const changed = { status: item['status'], encrypted_content: item['encrypted_content'] };
    expect(item).toEqual({
      ...this.value,
      ...(changed.encrypted_content === undefined ? { status: changed.status } : changed),
    });
    this.value = item;
    this.isDone = true;
  }

  #takeCall(event: StreamEvent, { member, name }: { member: string; name: string }): void {
    expect(this.#isCallDone).toBe(false);
    if (event.type === `${name}.delta`) {
      expect(event['delta']).not.toBe('');
      this.value[member] = `${String(this.value[member])}${String(event['delta'])}`;
      return;
    }
    expect(event.type).toBe(`${name}.done`);
    expect(event[member]).toBe(this.value[member]);
    this.#isCallDone = true;
  }

  #takePart(event: StreamEvent): void {
    if (event.type.endsWith('_part.added')) {
      this.#addPart(event);
      return;
    }
    const part = this.#part;
    if (part === undefined) throw new Error(`no part is open: ${event.type}`);
    if (event.type.endsWith('_part.done')) {
      expect(event['part']).toEqual(part.part);
      expect(part.done).toBe('seen');
      this.#part = undefined;
    } else if (event.type === part.delta) {
      expect(part.done).not.toBe('seen');
      expect(event['delta']).not.toBe('');
      part.part[part.member] = `${String(part.part[part.member])}${String(event['delta'])}`;
    } else {
      expect(event.type).toBe(part.done);
      expect(event[part.member]).toBe(part.part[part.member]);
      part.done = 'seen';
    }
  }

  #addPart(event: StreamEvent): void {
    expect(this.#part).toBe(undefined);
    const part = structuredClone(event['part'] as Json);
    const kind = PART_KINDS[String(part['type'])];
    if (kind === undefined) throw new Error('an unknown part');
    expect(part[kind.member]).toBe('');
    const list = this.value[kind.list] as Json[];
    expect(event['content_index'] ?? event['summary_index']).toBe(list.length);
    list.push(part);
    this.#part = { list, part, member: kind.member, delta: `${kind.name}.delta`, done: `${kind.name}.done` };
  }
}
