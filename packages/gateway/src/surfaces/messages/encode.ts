import { anthropicFaultBody } from '../../core/fault-body.ts';
import { toolInputJson } from '../../core/messages/tool-input.ts';
import type { ReplyEncoder, ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import type { BlockHead, BlockSink } from './block-sequence.ts';
import { createBlockSequence } from './block-sequence.ts';
import { relayedMessage } from './relay.ts';
import { messageId } from './reply-id.ts';
import type { AnswerFacts } from './stop-reason.ts';
import { stopMembers } from './stop-reason.ts';
import { usageJson } from './usage.ts';

/**
 * Collects one answer and gives the `message` object at its end, with the same blocks as the stream has. When the
 * target speaks this dialect its body is kept instead, and only `model` and the counts in `usage` are exchanged inside
 * its bytes.
 */
export function openMessage(options: ReplyOptions): ReplyEncoder {
  const content: string[] = [];
  const blocks = createBlockSequence(blockCollector(content));
  let relayed: Buffer | undefined;
  let done = false;
  return {
    contentType: 'application/json',
    parts(parts, relay) {
      if (done) return '';
      relayed ??= relay;
      if (relayed === undefined) blocks.add(parts);
      return '';
    },
    end(outcome) {
      if (done) return '';
      done = true;
      const spliced = relayed === undefined ? undefined : relayedMessage(relayed, options, outcome);
      if (spliced !== undefined) return spliced;
      blocks.end();
      return messageJson(content, { options, outcome, facts: blocks.facts() });
    },
    fault(value) {
      if (done) return '';
      done = true;
      return anthropicFaultBody(value, options.requestId);
    },
    keepalive: () => '',
  };
}

/** Writes each block as JSON text. */
function blockCollector(content: string[]): BlockSink {
  let open: { head: BlockHead; text: string } = { head: { type: 'text' }, text: '' };
  return {
    open(head) {
      open = { head, text: '' };
    },
    append(text) {
      open.text += text;
    },
    close(signature) {
      content.push(blockJson(open.head, open.text, signature));
    },
  };
}

function blockJson(head: BlockHead, text: string, signature: string | undefined): string {
  switch (head.type) {
    case 'text':
      return `{"type":"text","text":${JSON.stringify(text)}}`;
    case 'thinking':
      return JSON.stringify({ type: 'thinking', thinking: text, signature });
    case 'redacted_thinking':
      return JSON.stringify(head);
    case 'tool_use':
      return (
        `{"type":"tool_use","id":${JSON.stringify(head.id)},"name":${JSON.stringify(head.name)},` +
        `"input":${toolInputJson(text)}}`
      );
  }
}

type Ending = { options: ReplyOptions; outcome: ReplyOutcome; facts: AnswerFacts };

function messageJson(content: readonly string[], { options, outcome, facts }: Ending): string {
  const { reason, sequence } = stopMembers(outcome, facts);
  return (
    `{"id":${JSON.stringify(messageId(options))},"type":"message","role":"assistant",` +
    `"model":${JSON.stringify(options.model)},"content":[${content.join(',')}],` +
    `"stop_reason":"${reason}","stop_sequence":${JSON.stringify(sequence)},"stop_details":null,"container":null,` +
    `"usage":${usageJson(outcome, options.requestId)}}`
  );
}
