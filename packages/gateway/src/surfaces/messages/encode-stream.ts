import { anthropicFaultBody } from '../../core/fault-body.ts';
import type { ReplyEncoder, ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import type { BlockHead, BlockSink } from './block-sequence.ts';
import { createBlockSequence } from './block-sequence.ts';
import { createEventRelay } from './relay.ts';
import { messageId } from './reply-id.ts';
import type { AnswerFacts } from './stop-reason.ts';
import { stopMembers } from './stop-reason.ts';
import { startUsageJson, usageJson } from './usage.ts';

const STOP = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
const PING = 'event: ping\ndata: {"type":"ping"}\n\n';

/**
 * Encodes one answer as events: `message_start`, then block after block with indexes from 0 without gaps
 * (`content_block_start`, deltas, `content_block_stop`), `message_delta` with `stop_reason` and usage, `message_stop`.
 * The first and the last two come exactly once, whatever the parts are. A thinking block gets its `signature_delta`
 * before its stop, reasoning without a seal too: its tag says so when the client sends it back. After a fault there is
 * neither `message_delta` nor `message_stop`: clients take those for a complete answer.
 *
 * When the target speaks this dialect its own events are handed on instead. The contract with it: streamed relay bytes
 * are complete events as received, `message_start` with the model replaced, the final `message_delta` included,
 * `message_stop` left out. The final `message_delta` waits here for the end and gets the charged usage.
 */
export function openMessageStream(options: ReplyOptions): ReplyEncoder {
  const writer = createEventWriter(options);
  const blocks = createBlockSequence(writer.sink);
  const relay = createEventRelay(options);
  let relayed = false;
  let done = false;
  return {
    contentType: 'text/event-stream; charset=utf-8',
    parts(parts, bytes) {
      if (done) return '';
      if (bytes !== undefined) relayed = true;
      if (relayed) return bytes === undefined ? '' : relay.pass(bytes);
      blocks.add(parts);
      return writer.take();
    },
    end(outcome) {
      if (done) return '';
      done = true;
      if (relayed) {
        const delta = relay.lastDelta(outcome);
        return delta === undefined
          ? writer.messageDelta(outcome, blocks.facts()) + STOP
          : Buffer.concat([delta, Buffer.from(STOP)]);
      }
      blocks.end();
      return writer.start() + writer.take() + writer.messageDelta(outcome, blocks.facts()) + STOP;
    },
    fault(value) {
      if (done) return '';
      done = true;
      return `event: error\ndata: ${anthropicFaultBody(value, options.requestId)}\n\n`;
    },
    keepalive: () => (done ? '' : PING),
  };
}

type EventWriter = {
  sink: BlockSink;
  /** The events since the last call. `message_start` is the first of them all. */
  take(): string;
  /** `message_start`, unless it has been taken or is about to be. */
  start(): string;
  messageDelta(outcome: ReplyOutcome, facts: AnswerFacts): string;
};

/** Texts that come together for one block leave as one delta. */
function createEventWriter(options: ReplyOptions): EventWriter {
  let hasStarted = false;
  let events = '';
  let index = -1;
  let delta = { head: '', text: '' };

  const start = () => {
    if (hasStarted) return '';
    hasStarted = true;
    return messageStart(options);
  };
  const flush = () => {
    if (delta.text === '') return;
    events += `${delta.head}${JSON.stringify(delta.text)}}}\n\n`;
    delta.text = '';
  };

  return {
    sink: {
      open(head) {
        index += 1;
        events += start() + blockStart(index, head);
        delta = { head: deltaHead(index, head), text: '' };
      },
      append(text) {
        delta.text += text;
      },
      close(signature) {
        flush();
        if (signature !== undefined) {
          events += `${eventHead('content_block_delta', index)},"delta":{"type":"signature_delta","signature":${JSON.stringify(signature)}}}\n\n`;
        }
        events += `${eventHead('content_block_stop', index)}}\n\n`;
      },
    },
    take() {
      flush();
      const taken = events;
      events = '';
      return taken;
    },
    start,
    messageDelta(outcome, facts) {
      const { reason, sequence } = stopMembers(outcome, facts);
      return (
        `event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"${reason}",` +
        `"stop_sequence":${JSON.stringify(sequence)},"stop_details":null,"container":null},` +
        `"usage":${usageJson(outcome, options.requestId)}}\n\n`
      );
    },
  };
}

function messageStart(options: ReplyOptions): string {
  return (
    `event: message_start\ndata: {"type":"message_start","message":{"id":${JSON.stringify(messageId(options))},` +
    `"type":"message","role":"assistant","model":${JSON.stringify(options.model)},"content":[],` +
    `"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,` +
    `"usage":${startUsageJson(options.estimatedInputTokens)}}}\n\n`
  );
}

function blockStart(index: number, head: BlockHead): string {
  return `${eventHead('content_block_start', index)},"content_block":${emptyBlock(head)}}\n\n`;
}

function emptyBlock(head: BlockHead): string {
  switch (head.type) {
    case 'text':
      return '{"type":"text","text":""}';
    case 'thinking':
      return '{"type":"thinking","thinking":"","signature":""}';
    case 'redacted_thinking':
      return JSON.stringify(head);
    case 'tool_use':
      return JSON.stringify({ ...head, input: {} });
  }
}

/** All of a delta's event before its text. It never changes within a block and is built once. */
function deltaHead(index: number, { type }: BlockHead): string {
  const [delta, member] = DELTAS[type];
  return `${eventHead('content_block_delta', index)},"delta":{"type":"${delta}","${member}":`;
}

const DELTAS = {
  text: ['text_delta', 'text'],
  thinking: ['thinking_delta', 'thinking'],
  tool_use: ['input_json_delta', 'partial_json'],
  // Never has a text.
  redacted_thinking: ['', ''],
} as const;

/** An event of a block, without its closing brace. */
function eventHead(name: string, index: number): string {
  return `event: ${name}\ndata: {"type":"${name}","index":${index}`;
}
