import type { FakeAnswer } from './answer.ts';
import { FAKE_USAGE } from './answer.ts';
import type { FakeBlock } from './check-messages.ts';

/** One event of a stream, as the API writes it. */
export function event(name: string, fields: object = {}): string {
  return `event: ${name}\ndata: ${JSON.stringify({ type: name, ...fields })}\n\n`;
}

export const PING = event('ping');

/** A whole reply. */
export function messageJson(model: string, { blocks, stop }: FakeAnswer): string {
  return JSON.stringify({
    ...emptyMessage(model),
    content: blocks,
    stop_reason: stop.stop_reason,
    stop_sequence: stop.stop_sequence ?? null,
    stop_details: stop.stop_details ?? null,
    usage: { ...startUsage(), ...endUsage() },
  });
}

/**
 * All events of a streamed reply. Text, thinking and input come in pieces, `ping` behind the first block's start, the
 * signature before its block's stop, and usage at both ends: `output_tokens` is 1 at the start, and whole at the end.
 */
export function streamEvents(model: string, answer: FakeAnswer): string[] {
  const { blocks, stop } = answer;
  const events = [event('message_start', { message: { ...emptyMessage(model), usage: startUsage() } })];
  for (const [index, block] of blocks.entries()) {
    events.push(event('content_block_start', { index, content_block: emptied(block) }));
    if (index === 0) events.push(PING);
    for (const delta of deltas(block)) events.push(event('content_block_delta', { index, delta }));
    events.push(event('content_block_stop', { index }));
  }
  const delta = {
    stop_reason: stop.stop_reason,
    stop_sequence: stop.stop_sequence ?? null,
    stop_details: stop.stop_details ?? null,
    container: null,
  };
  return [...events, event('message_delta', { delta, usage: endUsage() }), event('message_stop')];
}

function emptyMessage(model: string): object {
  return {
    id: 'msg_01Fake',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
  };
}

function startUsage(): object {
  return {
    input_tokens: FAKE_USAGE.input,
    cache_creation_input_tokens: FAKE_USAGE.cacheWrite,
    cache_read_input_tokens: FAKE_USAGE.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: FAKE_USAGE.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: 1,
    service_tier: 'standard',
    inference_geo: 'not_available',
  };
}

function endUsage(): object {
  return {
    input_tokens: FAKE_USAGE.input,
    cache_creation_input_tokens: FAKE_USAGE.cacheWrite,
    cache_read_input_tokens: FAKE_USAGE.cacheRead,
    output_tokens: FAKE_USAGE.output,
    output_tokens_details: { thinking_tokens: FAKE_USAGE.thinking },
  };
}

/** A block as its stream begins. */
function emptied(block: FakeBlock): FakeBlock {
  switch (block.type) {
    case 'text':
      return { ...block, text: '' };
    case 'thinking':
      return { ...block, thinking: '', signature: '' };
    case 'tool_use':
    case 'server_tool_use':
      return { ...block, input: {} };
    default:
      return block;
  }
}

function deltas(block: FakeBlock): object[] {
  switch (block.type) {
    case 'text':
      return pieces(String(block['text'])).map((text) => ({ type: 'text_delta', text }));
    case 'thinking':
      return [
        ...pieces(String(block['thinking'])).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: block['signature'] },
      ];
    case 'tool_use':
    case 'server_tool_use':
      return ['', ...pieces(JSON.stringify(block['input']))].map((partial_json) => ({
        type: 'input_json_delta',
        partial_json,
      }));
    default:
      return [];
  }
}

function pieces(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}
