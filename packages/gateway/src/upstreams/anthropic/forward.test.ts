import { describe, expect, test } from 'vitest';
import type { AttemptRequest } from '../../core/attempt.ts';
import { forwardBody } from './forward.ts';
import { attempt } from './testing-ask.ts';

type Ask = { text: string; model?: string; cap?: number; paid?: boolean; more?: Partial<AttemptRequest> };

function forward({ text, model = 'claude-haiku-4-5', cap = 4_000, paid = false, more = {} }: Ask): string {
  const request = attempt({ body: text, model, chat: { maxOutputTokens: cap }, more });
  const forwarded = forwardBody(request, { allowPaidExtras: paid });
  if (!forwarded.ok) return `refused: ${forwarded.error.message}`;
  return forwarded.value?.toString() ?? 'no object';
}

test('only the model and the cap are exchanged, and every other byte stays', () => {
  const rest =
    ' "metadata" : {"user_id":"{\\"device\\":1}"}, "context_management":{"edits":[]}, "future_field": [ 1e400, "\\u00fc" ],\n' +
    '"messages":[{"role":"user","content":[{"type":"text","text":"\\ud800","cache_control":{"type":"ephemeral"}}]}],' +
    '"thinking": {"type" :"adaptive"}, "output_config":{"effort":"xhigh"}, "service_tier":"auto", "stream":true';
  expect(forward({ text: `{"model" : "public",${rest},"max_tokens":9999}` })).toBe(
    `{"model" : "claude-haiku-4-5",${rest},"max_tokens":4000}`,
  );
});

test.each([
  ['a body of another kind', '[1]', 'no object'],
  [
    'a cap that is missing',
    '{"model":"a","messages":[]}',
    '{"model":"claude-haiku-4-5","messages":[],"max_tokens":4000}',
  ],
  [
    'a field of ours, and fields that cost more',
    '{"model":"a","dry_run":false,"speed":"fast","inference_geo":"us","fallbacks":"default","max_tokens":4000}',
    '{"model":"claude-haiku-4-5","max_tokens":4000}',
  ],
  [
    'a key that is there twice: the last one counts for everyone',
    '{"model":"a","model":"b","max_tokens":1,"max_tokens":4000}',
    '{"model":"claude-haiku-4-5","max_tokens":4000}',
  ],
  [
    'a key in other letters',
    '{"mo\\u0064el":"a","sp\\u0065ed":"fast","max_tokens":4000}',
    '{"mo\\u0064el":"claude-haiku-4-5","max_tokens":4000}',
  ],
])('%s', (_what, text, expected) => {
  expect(forward({ text })).toBe(expected);
});

test('what costs more goes on where the operator allows it', () => {
  const text =
    '{"model":"claude-haiku-4-5","speed":"fast","tools":[{"type":"web_search_20250305"}],"max_tokens":4000}';
  expect(forward({ text, paid: true })).toBe(text);
  expect(forward({ text })).toMatch(/^refused: tools: /);
  expect(forward({ text: text.replace('web_s', 'web\\u005fs') })).toMatch(/^refused: tools: /);
});

describe('a budget of thinking', () => {
  const text = (budget: number) =>
    `{"model":"claude-haiku-4-5","thinking":{"type":"enabled","budget_tokens":${budget}},"max_tokens":100000}`;
  test.each([
    [3_999, 4_000, '"budget_tokens":3999'],
    [4_000, 4_000, '"budget_tokens":2000'],
    [50_000, 4_000, '"budget_tokens":2000'],
    [50_000, 1_500, '"budget_tokens":1024'],
  ])('of %s below a cap of %s', (budget, cap, expected) => {
    expect(forward({ text: text(budget), cap })).toContain(expected);
  });

  test('goes when there is no room for one', () => {
    expect(forward({ text: text(2_000), cap: 1_024 })).toBe('{"model":"claude-haiku-4-5","max_tokens":1024}');
  });
});

test("a setting of the model wins over the client's words", () => {
  const text =
    '{"model":"a","thinking":{"type":"adaptive"},"output_config":{"effort":"max","format":{"type":"json_schema"}},"max_tokens":4000}';
  expect(forward({ text, model: 'claude-opus-4-6', more: { setEffort: 'low' } })).toBe(
    '{"model":"claude-opus-4-6","thinking":{"type":"adaptive"},"output_config":{"format":{"type":"json_schema"},"effort":"low"},"max_tokens":4000}',
  );
  expect(forward({ text, model: 'claude-opus-4-6', more: { setEffort: 'none' } })).toBe(
    '{"model":"claude-opus-4-6","thinking":{"type":"disabled"},"output_config":{"format":{"type":"json_schema"}},"max_tokens":4000}',
  );
  expect(
    forward({ text: '{"model":"a","output_config":{"effort":"max"}}', more: { setEffort: 'none' } }),
  ).toBe('{"model":"claude-haiku-4-5","max_tokens":4000}');
});
