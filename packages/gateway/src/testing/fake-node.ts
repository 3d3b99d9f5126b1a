import { startLinkClient } from '@switchyard/connector/link/link-client.ts';
import type { JobStream, LinkAgent, LinkState, RunningJob } from '@switchyard/connector/link/types.ts';
import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { CapabilityModel } from '@switchyard/protocol/link/messages.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';
import { capabilitiesOf, modelOf } from './raw-node.ts';

/** `failsAfter`: so many pieces. Pieces are asked for one by one, so a long answer needs no memory. */
export type FakeScript = { pieces: Iterable<string>; everyMs: number; usage?: Usage; failsAfter?: number };

/** What a played engine does with a prompt. */
export type FakeAnswer = FakeScript | 'fails-at-once' | 'says-nothing';

export type FakeNodeOptions = {
  gatewayUrl: string;
  token: string;
  model?: Partial<CapabilityModel>;
  slots?: number;
  answer(prompt: string): FakeAnswer;
};

/**
 * A node over the real protocol and the connector's real link, with a played engine in place of a model. Hundreds of
 * them run in one process.
 */
export type FakeNode = {
  /** Jobs that were offered so far. */
  readonly offers: number;
  readonly state: LinkState['state'] | 'new';
  close(): void;
};

export function startFakeNode({ gatewayUrl, token, model, slots = 64, answer }: FakeNodeOptions): FakeNode {
  const seen = { offers: 0, state: 'new' as FakeNode['state'] };
  const agent: LinkAgent = {
    capabilities: () => capabilitiesOf([modelOf({ slots, ...model })], slots),
    state: ({ state }) => {
      seen.state = state;
    },
    offer() {
      seen.offers += 1;
      return {
        accept: {
          abandon: () => undefined,
          start: (chat, stream) => play(answer(promptOf(chat)), stream),
        },
      };
    },
  };
  const instanceId = `fake-${Math.random().toString(36).slice(2)}`;
  const client = startLinkClient({ gatewayUrl, token, instanceId, agentVersion: '0.1.0', agent });
  return {
    get offers() {
      return seen.offers;
    },
    get state() {
      return seen.state;
    },
    close: () => client.close(),
  };
}

/** The text of the last message. */
export function promptOf(chat: ChatRequest): string {
  const parts = chat.messages.at(-1)?.content ?? [];
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function play(answer: FakeAnswer, stream: JobStream): RunningJob {
  if (typeof answer !== 'string') return playScript(answer, stream);
  if (answer === 'fails-at-once')
    queueMicrotask(() => stream.fail({ code: 'engine_failed', message: 'played' }));
  return { cancel: () => Promise.resolve(), pause: () => undefined, resume: () => undefined };
}

function playScript(script: FakeScript, stream: JobStream): RunningJob {
  const pieces = script.pieces[Symbol.iterator]();
  let left = script.failsAfter ?? Infinity;
  const state = { isPaused: false, isOver: false };
  let timer: NodeJS.Timeout | undefined = setTimeout(step, script.everyMs);

  function step(): void {
    timer = undefined;
    while (!state.isPaused && !state.isOver) {
      const next = left === 0 ? undefined : pieces.next();
      if (next === undefined || next.done === true) return end(next !== undefined);
      left -= 1;
      stream.parts([{ type: 'text-delta', text: next.value }]);
      if (script.everyMs === 0) continue;
      timer = setTimeout(step, script.everyMs);
      return;
    }
  }

  function end(isWhole: boolean): void {
    state.isOver = true;
    if (!isWhole) return stream.fail({ code: 'engine_failed', message: 'played' });
    stream.parts([
      { type: 'finish', reason: 'stop', ...(script.usage !== undefined && { usage: script.usage }) },
    ]);
    stream.end();
  }

  return {
    cancel() {
      state.isOver = true;
      clearTimeout(timer);
      return Promise.resolve();
    },
    pause() {
      state.isPaused = true;
    },
    resume() {
      state.isPaused = false;
      if (timer === undefined && !state.isOver) timer = setTimeout(step, 0);
    },
  };
}
