import { expect } from 'vitest';

/**
 * What a strict client of the dialect makes of a stream: it fails where one of the official ones does, on a wrong order
 * of events, a gap in the indexes, a delta of the wrong kind, or a missing signature. Gives the message as it would have
 * come unstreamed, with the input of a call as its text.
 */
export type ReadMessage = Record<string, unknown> & {
  content: ReadBlock[];
  stop_reason: string | null;
  usage: Record<string, unknown>;
};
export type ReadBlock = Record<string, unknown> & { type: string };

type Event = { type: string; index?: number } & Record<string, Record<string, unknown>>;

const DELTAS: Record<string, Record<string, string>> = {
  text: { text_delta: 'text' },
  thinking: { thinking_delta: 'thinking', signature_delta: 'signature' },
  tool_use: { input_json_delta: 'partial_json' },
  redacted_thinking: {},
};

export function readMessageStream(text: string): ReadMessage {
  let message: ReadMessage | undefined;
  let open: ReadBlock | undefined;
  let isStopped = false;
  let hasDelta = false;
  for (const event of readEvents(text)) {
    if (event.type === 'ping') continue;
    expect(isStopped).toBe(false);
    if (event.type === 'message_start') {
      expect(message).toBeUndefined();
      message = event['message'] as ReadMessage;
      expect(message).toMatchObject({ type: 'message', role: 'assistant', content: [], stop_reason: null });
      expect(message.usage).toMatchObject({ output_tokens: 0 });
      continue;
    }
    if (message === undefined) throw new Error(`${event.type} before message_start`);
    switch (event.type) {
      case 'content_block_start':
        expect([open, hasDelta, event.index]).toEqual([undefined, false, message.content.length]);
        open = openBlock(event['content_block'] as ReadBlock);
        message.content.push(open);
        break;
      case 'content_block_delta':
        if (open === undefined) throw new Error('a delta without a block');
        expect(event.index).toBe(message.content.length - 1);
        grow(open, event['delta'] ?? {});
        break;
      case 'content_block_stop':
        expect(event.index).toBe(message.content.length - 1);
        if (open?.type === 'thinking') expect(open['signature']).not.toBe('');
        if (open === undefined) throw new Error('a stop without a block');
        open = undefined;
        break;
      case 'message_delta':
        expect([open, hasDelta]).toEqual([undefined, false]);
        hasDelta = true;
        Object.assign(message, event['delta']);
        message.usage = { ...message.usage, ...event['usage'] };
        break;
      case 'message_stop':
        expect(hasDelta).toBe(true);
        isStopped = true;
        break;
      default:
        throw new Error(`an unknown event: ${event.type}`);
    }
  }
  if (message === undefined || !isStopped) throw new Error('the stream does not end');
  return message;
}

function readEvents(text: string): Event[] {
  const events = text.split('\n\n');
  expect(events.pop()).toBe('');
  return events.map((event) => {
    const [, name, data = ''] = /^event: (\w+)\ndata: ([^\n]*)$/.exec(event) ?? [];
    const value = JSON.parse(data) as Event;
    expect(value.type).toBe(name);
    return value;
  });
}

function openBlock(block: ReadBlock): ReadBlock {
  if (block.type === 'text') expect(block).toEqual({ type: 'text', text: '' });
  if (block.type === 'thinking') expect(block).toEqual({ type: 'thinking', thinking: '', signature: '' });
  if (block.type === 'tool_use') {
    expect(block['input']).toEqual({});
    return { ...block, input: '' };
  }
  return { ...block };
}

function grow(block: ReadBlock, delta: Record<string, unknown>): void {
  const member = DELTAS[block.type]?.[String(delta['type'])];
  if (member === undefined) throw new Error(`${String(delta['type'])} in ${block.type}`);
  if (block.type === 'thinking') expect(block['signature']).toBe('');
  const key = block.type === 'tool_use' ? 'input' : member;
  const piece = delta[member];
  if (typeof piece !== 'string' || piece === '') throw new Error('an empty delta');
  block[key] = String(block[key]) + piece;
}
