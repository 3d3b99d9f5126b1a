import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { AttemptRequest } from '../../core/attempt.ts';
import { attemptRequest } from '../testing-upstream.ts';
import type { ReplyReader, Taken } from '../transport/exchange.ts';

/** For the tests of this folder: a request of a client of this dialect, as its bytes. */
export function nativeRequest(
  text: string,
  { stream = false, chat = {} }: { stream?: boolean; chat?: Partial<ChatRequest> } = {},
): AttemptRequest {
  const base = attemptRequest(stream);
  return {
    ...base,
    chat: { ...base.chat, ...chat },
    original: { dialect: 'responses', body: Buffer.from(text), rawHeaders: [] },
  };
}

/** What a reader gave for all bytes of a reply: parts, bytes to hand on, and how it ended. */
export type Read = {
  parts: StreamPart[];
  relay: Buffer[];
  /** Bytes that came together with the `finish` part, and the parts that came with them. */
  last: { parts: StreamPart[]; relay: string } | undefined;
  state: Taken['state'];
  /** A `working` was among the states. */
  hasWorked: boolean;
};

/** Drives a reader as an exchange does, one network read after the other. */
export function readAll(reader: ReplyReader, pieces: readonly Buffer[]): Read {
  const read: Read = { parts: [], relay: [], last: undefined, state: 'open', hasWorked: false };
  const empty = () => {
    for (let taken = reader.take(); ; taken = reader.take()) {
      const { parts, relay, state } = taken;
      read.parts.push(...parts);
      if (relay !== undefined) read.relay.push(relay);
      if (parts.at(-1)?.type === 'finish') read.last = { parts, relay: relay?.toString() ?? '' };
      read.state = state;
      read.hasWorked ||= state === 'working';
      if (state !== 'more') return;
    }
  };
  const isOver = () => read.state === 'complete' || typeof read.state === 'object';
  for (const piece of pieces) {
    if (isOver()) break;
    reader.push(piece);
    empty();
  }
  if (!isOver()) {
    reader.close();
    empty();
  }
  return read;
}

/** Deltas of one kind that follow one another, as one. */
export function joined(parts: readonly StreamPart[]): StreamPart[] {
  const all: StreamPart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if ('text' in part && last?.type === part.type)
      all[all.length - 1] = { ...part, text: last.text + part.text };
    else if (part.type === 'tool-call-delta' && last?.type === part.type && last.index === part.index) {
      all[all.length - 1] = { ...part, argumentsText: last.argumentsText + part.argumentsText };
    } else all.push(part);
  }
  return all;
}

/** One event as OpenAI writes it. */
export function event(type: string, fields: Record<string, unknown> = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 1, ...fields })}\n\n`;
}
