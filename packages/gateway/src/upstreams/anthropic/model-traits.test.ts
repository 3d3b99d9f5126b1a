import { expect, test } from 'vitest';
import { modelTraits } from './model-traits.ts';

const ROWS: readonly [name: string, ...(string | boolean)[]][] = [
  ['claude-opus-5-5', 'adaptive', 'low-effort', true, 'none', false],
  ['claude-opus-6', 'adaptive', 'low-effort', true, 'none', false],
  ['claude-sonnet-5-5', 'adaptive', 'between_tools', true, 'none', false],
  ['claude-haiku-5-5', 'adaptive', 'disabled', true, 'none', true],
  ['claude-fable-5', 'adaptive', 'low-effort', true, 'none', true],
  ['claude-fable-5-1', 'adaptive', 'low-effort', true, 'none', false],
  ['claude-mythos-preview', 'adaptive', 'low-effort', true, 'none', false],
  ['claude-something-new', 'adaptive', 'low-effort', true, 'none', false],
  ['claude-opus-5', 'adaptive', 'disabled', true, 'none', true],
  ['claude-sonnet-5', 'adaptive', 'disabled', true, 'none', true],
  ['claude-opus-4-8', 'adaptive', 'disabled', false, 'none', true],
  ['claude-opus-4-7', 'adaptive', 'disabled', false, 'none', true],
  ['claude-opus-4-6', 'adaptive', 'disabled', false, 'one', true],
  ['anthropic.claude-opus-4-6-v1:0', 'adaptive', 'disabled', false, 'one', true],
  ['Anthropic/Claude-Sonnet-4.6', 'adaptive', 'disabled', false, 'one', true],
  ['claude-haiku-4-5-20251001', 'budget', 'absent', false, 'one', true],
  ['claude-opus-4-20250514', 'budget', 'absent', false, 'one', true],
  ['claude-sonnet-4@20250514', 'budget', 'absent', false, 'one', true],
  ['claude-3-7-sonnet-20250219', 'budget', 'absent', false, 'any', true],
  ['claude-3-5-haiku-latest', 'none', 'absent', false, 'any', true],
  ['claude-3-opus-20240229', 'none', 'absent', false, 'any', true],
  ['glm-5', 'budget', 'disabled', false, 'any', true],
  ['', 'budget', 'disabled', false, 'any', true],
];

test.each(ROWS)('%s', (name, ...row) => {
  const { thinking, thinkingOff, thinksByDefault, sampling, canForceTools } = modelTraits(name);
  expect([thinking, thinkingOff, thinksByDefault, sampling, canForceTools]).toEqual(row);
});

test('thinking is hidden since 4.7', () => {
  const hides = (name: string) => modelTraits(name).hidesThinking;
  expect(['claude-opus-4-7', 'claude-haiku-5-5', 'claude-opus-5-5'].every(hides)).toBe(true);
  expect(['claude-opus-4-6', 'claude-haiku-4-5', 'glm-5'].some(hides)).toBe(false);
});
