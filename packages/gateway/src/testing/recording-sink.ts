import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { AttemptFault, AttemptRequest, AttemptSink } from '../core/attempt.ts';

/** Notes what an attempt pushes. Throws when it says anything after its end. */
export type RecordingSink = AttemptSink & {
  parts: StreamPart[];
  /** How many parts each push had. */
  pushes: number[];
  alive: number;
  ended: boolean;
  fault: AttemptFault | undefined;
  /** All text so far. */
  text(): string;
  /** Resolves at the end or fault. */
  done: Promise<void>;
};

export function createRecordingSink(): RecordingSink {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stillOpen = (): void => {
    if (sink.ended || sink.fault !== undefined) throw new Error('the attempt spoke after its end');
  };
  const sink: RecordingSink = {
    parts: [],
    pushes: [],
    alive: 0,
    ended: false,
    fault: undefined,
    done: promise,
    text: () => sink.parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join(''),
    onParts(parts) {
      stillOpen();
      sink.parts.push(...parts);
      sink.pushes.push(parts.length);
    },
    onAlive() {
      stillOpen();
      sink.alive += 1;
    },
    onEnd() {
      stillOpen();
      sink.ended = true;
      resolve();
    },
    onFault(fault) {
      stillOpen();
      sink.fault = fault;
      resolve();
    },
  };
  return sink;
}

/** A request for tests: one line of a user. */
export function attemptRequestOf(text: string, fields: Partial<AttemptRequest> = {}): AttemptRequest {
  const chat: ChatRequest = {
    messages: [{ role: 'user', content: [{ type: 'text', text }] }],
    tools: [],
    toolChoice: 'auto',
    parallelToolCalls: true,
    responseFormat: { type: 'text' },
    sampling: {},
    stop: [],
    maxOutputTokens: 100,
  };
  return {
    chat,
    remoteModel: 'small',
    stream: true,
    estimatedInputTokens: 10,
    original: { dialect: 'chat-completions', body: Buffer.from('{}'), rawHeaders: [] },
    ...fields,
  };
}
