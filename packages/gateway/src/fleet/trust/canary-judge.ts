import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import type { CanaryExpectation, CanaryKind } from './canary.ts';

/** All that is kept of the answer to a test job while it is judged. Longer answers are cut: the word comes early or not at all. */
const TEXT_MAX_CHARS = 20_000;

export type CanaryAnswer = { text: string; toolNames: string[]; argumentsText: string; finish: FinishReason };

/** `unclear`: nothing follows, for or against the node. */
export type CanaryVerdict = 'passed' | 'failed' | 'unclear';

export function createCanaryListener(): {
  add(parts: readonly StreamPart[]): void;
  answer(): CanaryAnswer;
} {
  let text = '';
  let argumentsText = '';
  const toolNames: string[] = [];
  let finish: FinishReason = 'stop';
  const grow = (before: string, more: string) => (before + more).slice(0, TEXT_MAX_CHARS);
  return {
    add(parts) {
      for (const part of parts) {
        if (part.type === 'text-delta' || part.type === 'reasoning-delta') text = grow(text, part.text);
        else if (part.type === 'tool-call-start') toolNames.push(part.name);
        else if (part.type === 'finish') finish = part.reason;
        else if (part.type === 'tool-call-delta') argumentsText = grow(argumentsText, part.argumentsText);
      }
    },
    answer: () => ({ text, toolNames, argumentsText, finish }),
  };
}

/**
 * Judges leniently: the word may stand anywhere, with other marks and capitals. An answer that was cut or filtered
 * before it said the word proves nothing, and neither does a tool that was described instead of called.
 */
export function judgeCanary(expected: CanaryExpectation, answer: CanaryAnswer): CanaryVerdict {
  const said = plain(answer.text);
  const called = plain(answer.argumentsText);
  const found = expected.words.filter((word) => said.includes(plain(word)) || called.includes(plain(word)));
  if (found.length * 3 >= expected.words.length * 2) return 'passed';
  if (answer.finish === 'length' || answer.finish === 'content-filter') return 'unclear';
  if (expected.tool !== undefined && answer.toolNames.length === 0 && answer.text.length > 0)
    return 'unclear';
  return 'failed';
}

/** Letters and digits alone. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '');
}

/** How often others passed a kind of test with the same model. */
export type PassCount = { passed: number; failed: number };

const EVIDENCE_MIN = 5;
const PASS_SHARE_MIN = 0.8;

/**
 * Whether a failure of a kind counts against a node: only when others show that the model can do it, since small models
 * fail honestly. To repeat a word is believed of every model until others show that it cannot.
 */
export function countsAgainst(kind: CanaryKind, others: PassCount): boolean {
  const all = others.passed + others.failed;
  if (all < EVIDENCE_MIN) return kind === 'echo';
  return others.passed / all >= PASS_SHARE_MIN;
}
