import { expect, test } from 'vitest';
import { BATCH_POSITIONS } from './model.ts';
import { createSampler } from './sampling.ts';
import { createSession, feed } from './session.ts';
import { encodePrompt } from './template.ts';
import { demoJob, demoModel } from './testing/demo-fixtures.ts';
import { parsePrompt, readVectors } from './testing/vectors.ts';

/**
 * Vectors whose greedy answer differs from llama.cpp's because two tokens are nearly equally likely. llama.cpp
 * rounds to half precision on the way, so a few would be no error.
 */
const KNOWN_TIES: number[] = [];
/** The recorded answers end here. */
const RECORDED_TOKENS = 300;

const vectors = readVectors();

test('every recorded prompt gives the tokens of llama.cpp, through the template', () => {
  const { tokenizer } = demoModel();
  for (const { prompt, promptTokens } of vectors) {
    const step = encodePrompt(parsePrompt(prompt), tokenizer, Infinity).next();
    expect(step.value, prompt).toEqual(promptTokens);
  }
});

test('greedy answers are those of llama.cpp', { timeout: 300_000 }, () => {
  const different: number[] = [];
  for (const [index, { promptTokens, outputTokens }] of vectors.entries()) {
    if (greedy(promptTokens).join() !== outputTokens.join()) different.push(index);
  }
  console.log(`greedy answers equal to llama.cpp: ${vectors.length - different.length} of ${vectors.length}`);
  expect(different).toEqual(KNOWN_TIES);
});

function greedy(prompt: number[]): number[] {
  const model = demoModel();
  const session = createSession(model);
  const sampler = createSampler(demoJob(), prompt, model.shape.vocabulary);
  const answer: number[] = [];
  let next = prompt;
  for (;;) {
    let logits: Float32Array | undefined;
    for (let at = 0; at < next.length; at += BATCH_POSITIONS) {
      const chunk = next.slice(at, at + BATCH_POSITIONS);
      logits = feed(session, chunk, { wantLogits: at + chunk.length === next.length });
    }
    if (logits === undefined) throw new Error('no logits');
    const token = sampler.pick(logits);
    if (model.tokenizer.endsAnswer(token)) return answer;
    answer.push(token);
    if (answer.length === RECORDED_TOKENS) return answer;
    next = [token];
  }
}
