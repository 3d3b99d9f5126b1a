import type { FakeAnswer } from '../../packages/gateway/src/testing/fake-node.ts';
import { wordsFor } from './answers.ts';

/** What a played node does until it is told otherwise. All but the first are troubles. */
export const MODES = [
  'honest',
  'slow',
  'splits',
  'inflates',
  'fails',
  'breaks-off',
  'says-nothing',
  'lies-garbage',
  'lies-replay',
  'lies-skip',
  'lies-unfinished',
  'lies-late',
] as const;

export type Mode = (typeof MODES)[number];

/** Those that need a raw link: the connector's own would not do it. */
export type Lie = Extract<Mode, `lies-${string}`>;

export function isLie(mode: Mode): mode is Lie {
  return mode.startsWith('lies-');
}

const INFLATED = {
  inputTokens: 90_000,
  imageInputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 900_000,
  reasoningTokens: 0,
};

export function answerIn(mode: Mode, prompt: string): FakeAnswer {
  const pieces = wordsFor(prompt);
  switch (mode) {
    case 'slow':
      return { pieces, everyMs: 100 };
    case 'splits':
      return { pieces: pieces.join(''), everyMs: 1 };
    case 'inflates':
      return { pieces, everyMs: 10, usage: INFLATED };
    case 'fails':
      return 'fails-at-once';
    case 'breaks-off':
      return { pieces, everyMs: 10, failsAfter: Math.floor(pieces.length / 2) };
    case 'says-nothing':
      return 'says-nothing';
    case 'honest':
    case 'lies-garbage':
    case 'lies-replay':
    case 'lies-skip':
    case 'lies-unfinished':
    case 'lies-late':
      return { pieces, everyMs: 10 };
  }
}
