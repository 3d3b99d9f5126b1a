import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { openAiFaultBody } from '../../core/fault-body.ts';
import type { ReplyEncoder, ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import { finishReasonName } from './finish-reason.ts';
import { completionId } from './reply-id.ts';
import { usageJson } from './usage.ts';

const DONE = 'data: [DONE]\n\n';

/**
 * Encodes one answer as `chat.completion.chunk` events: the role first, then deltas, one event with `finish_reason`,
 * the usage event when it was asked for, and `[DONE]`. The role, the finish and `[DONE]` come exactly once, whatever
 * the parts are. After a fault there is neither a finish nor `[DONE]`: clients take those for a complete answer.
 *
 * When the target speaks this dialect its own events are handed on as they are; they hold role and finish already,
 * and only the usage event and `[DONE]` are ours.
 */
export function openCompletionStream(options: ReplyOptions, includeUsage: boolean): ReplyEncoder {
  const writer = createChunkWriter(options, includeUsage);
  let relayed = false;
  let done = false;
  return {
    contentType: 'text/event-stream; charset=utf-8',
    parts(parts, relay) {
      if (done) return '';
      if (relay !== undefined) relayed = true;
      return relayed ? (relay ?? '') : writer.deltas(parts);
    },
    end(outcome) {
      if (done) return '';
      done = true;
      const finish = relayed ? '' : writer.finish(outcome);
      const usage = includeUsage ? writer.usage(outcome) : '';
      return finish + usage + DONE;
    },
    fault(value) {
      if (done) return '';
      done = true;
      return `data: ${openAiFaultBody(value)}\n\n`;
    },
    keepalive: () => (done ? '' : ': keepalive\n\n'),
  };
}

type ChunkWriter = {
  deltas(parts: readonly StreamPart[]): string;
  finish(outcome: ReplyOutcome): string;
  usage(outcome: ReplyOutcome): string;
};

/** What stands before and after each delta never changes within a reply and is built once. */
function createChunkWriter(options: ReplyOptions, includeUsage: boolean): ChunkWriter {
  const head =
    `data: {"id":${JSON.stringify(completionId(options))},"object":"chat.completion.chunk",` +
    `"created":${Math.floor(options.createdAtMs / 1000)},"model":${JSON.stringify(options.model)},`;
  const open = `${head}"choices":[{"index":0,"delta":{`;
  // A client that asked for usage is told in each chunk that it comes later, as the specification has it.
  const close = `},"logprobs":null,"finish_reason":null}]${includeUsage ? ',"usage":null' : ''}}\n\n`;
  let started = false;
  let hasCalls = false;

  const role = () => {
    if (started) return '';
    started = true;
    return `${open}"role":"assistant","content":""${close}`;
  };

  return {
    deltas(parts) {
      let text = '';
      for (let at = 0; at < parts.length; at += 1) {
        const part = parts[at];
        // A seal has no place in this dialect.
        if (part === undefined || part.type === 'finish' || part.type === 'reasoning-seal') continue;
        if (part.type === 'tool-call-start') hasCalls = true;
        const last = lastOfRun(parts, at);
        const delta = deltaJson(part, joinedText(parts, at, last));
        at = last;
        if (delta !== '') text += `${role()}${open}${delta}${close}`;
      }
      return text;
    },
    finish(outcome) {
      const reason = finishReasonName(outcome.finish, hasCalls);
      const end = includeUsage ? ',"usage":null' : '';
      return `${role()}${open}},"logprobs":null,"finish_reason":"${reason}"}]${end}}\n\n`;
    },
    usage: (outcome) => `${head}"choices":[],"usage":${usageJson(outcome, options.requestId)}}\n\n`,
  };
}

/** Deltas of one kind that came together leave as one event. */
function lastOfRun(parts: readonly StreamPart[], first: number): number {
  const part = parts[first];
  let last = first;
  for (let next = parts[last + 1]; next !== undefined; next = parts[last + 1]) {
    if (part === undefined || next.type !== part.type || !('text' in next || 'argumentsText' in next)) break;
    if (next.type === 'tool-call-delta' && part.type === 'tool-call-delta' && next.index !== part.index)
      break;
    last += 1;
  }
  return last;
}

function joinedText(parts: readonly StreamPart[], first: number, last: number): string {
  let text = '';
  for (let at = first; at <= last; at += 1) {
    const part = parts[at];
    if (part === undefined) continue;
    if ('text' in part) text += part.text;
    else if ('argumentsText' in part) text += part.argumentsText;
  }
  return text;
}

/** The inside of one `delta` object; '' where there is nothing to say. */
function deltaJson(part: StreamPart, text: string): string {
  switch (part.type) {
    case 'text-delta':
      return text === '' ? '' : `"content":${JSON.stringify(text)}`;
    case 'reasoning-delta':
      return text === '' ? '' : `"reasoning_content":${JSON.stringify(text)}`;
    case 'refusal-delta':
      return text === '' ? '' : `"refusal":${JSON.stringify(text)}`;
    case 'tool-call-start':
      return (
        `"tool_calls":[{"index":${part.index},"id":${JSON.stringify(part.id)},"type":"function",` +
        `"function":{"name":${JSON.stringify(part.name)},"arguments":""}}]`
      );
    case 'tool-call-delta':
      return text === ''
        ? ''
        : `"tool_calls":[{"index":${part.index},"function":{"arguments":${JSON.stringify(text)}}}]`;
    case 'reasoning-seal':
    case 'finish':
      break;
  }
  return '';
}
