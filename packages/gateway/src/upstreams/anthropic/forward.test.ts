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
  expect(forward({ text: `{"model" : "public",${rest},"max_tokens":9999}`, model: 'claude-opus-4-8' })).toBe(
    `{"model" : "claude-opus-4-8",${rest},"max_tokens":4000}`,
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

describe('a model that the client knows under our name only', () => {
  const thinking = (type: string, effort = 'high') =>
    `{"model":"public","thinking":{"type":"${type}","budget_tokens":2000},"output_config":{"effort":"${effort}","format":1},"max_tokens":4000}`;
  const high = { chat: { ...attempt().chat, reasoningEffort: 'high' as const } };

  test.each([
    [
      'claude-haiku-4-5',
      'adaptive',
      'high',
      '"thinking":{"type":"enabled","budget_tokens":3000},"output_config":{"format":1}',
    ],
    [
      'claude-haiku-4-5',
      'enabled',
      'high',
      '"thinking":{"type":"enabled","budget_tokens":3000},"output_config":{"format":1}',
    ],
    ['claude-3-5-haiku-latest', 'adaptive', 'high', '"output_config":{"format":1}'],
    [
      'claude-opus-4-6',
      'adaptive',
      'xhigh',
      '"thinking":{"type":"adaptive"},"output_config":{"format":1,"effort":"high"}',
    ],
    [
      'claude-opus-4-8',
      'enabled',
      'high',
      '"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"format":1,"effort":"high"}',
    ],
    ['claude-opus-5-5', 'disabled', 'high', '"thinking":{"type":"adaptive","display":"summarized"}'],
  ])('%s is not asked for thinking of the type %s with effort %s', (model, type, effort, expected) => {
    expect(forward({ text: thinking(type, effort), model, more: high })).toContain(expected);
  });

  test('what the model takes, and what nobody knows, stays', () => {
    for (const [model, type, effort] of [
      ['claude-opus-4-8', 'adaptive', 'xhigh'],
      ['claude-opus-4-6', 'enabled', 'max'],
      ['claude-sonnet-5-5', 'between_tools', 'low'],
      ['glm-5', 'adaptive', 'xhigh'],
      ['claude-opus-4-8', 'something_new', 'something_new'],
    ] as const) {
      const text = thinking(type, effort);
      expect(forward({ text, model, more: high })).toBe(text.replace('public', model));
    }
  });

  test('a client that names the model itself is told by the API', () => {
    const text = thinking('adaptive', 'xhigh').replace('public', 'claude-haiku-4-5');
    expect(forward({ text, more: { ...high, replyModel: 'claude-haiku-4-5' } })).toBe(text);
  });

  const CONVERSATION =
    '"messages":[ {"role":"user","content":"a \\"system\\" b"} , {"content":[{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral"}}],"role" : "system"},' +
    '{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"n":12345678901234567890,"role":"system"}}]},{"role":"system","content":"And brief."}]';

  test('turns of the system go where the model takes them', () => {
    const text = `{"model":"public","system":"Be wise.",${CONVERSATION},"max_tokens":4000}`;
    expect(forward({ text, model: 'claude-sonnet-4-6' })).toBe(
      '{"model":"claude-sonnet-4-6","system":[{"type":"text","text":"Be wise."},{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"And brief."}],' +
        '"messages":[{"role":"user","content":"a \\"system\\" b"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"n":12345678901234567890,"role":"system"}}]}],"max_tokens":4000}',
    );
    expect(forward({ text, model: 'claude-sonnet-4-6', more: { setEffort: 'none' } })).toContain(
      'Be kind.",',
    );
    expect(forward({ text, model: 'claude-opus-4-8' })).toBe(text.replace('public', 'claude-opus-4-8'));
    const named = { replyModel: 'claude-sonnet-4-6' };
    expect(forward({ text, model: 'claude-sonnet-4-6', more: named })).toContain(CONVERSATION);
  });

  test.each([
    ['no system', '', '"system":[{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral"}},'],
    ['an empty one', '"system":"",', '"system":[{"type":"text","text":"Be kind."'],
    [
      'blocks',
      '"system":[{"type":"text","text":"A"}],',
      '"system":[{"type":"text","text":"A"},{"type":"text","text":"Be kind."',
    ],
  ])('with %s', (_what, system, expected) => {
    const text = `{"model":"public",${system}${CONVERSATION},"max_tokens":4000}`;
    expect(forward({ text, model: 'claude-haiku-4-5' })).toContain(expected);
  });

  test('a conversation without such turns is not touched', () => {
    const text =
      '{"model":"public","messages":[{"role":"user","content":"\\"system\\""}, 5,"x"],"max_tokens":4000}';
    expect(forward({ text })).toBe(text.replace('public', 'claude-haiku-4-5'));
  });
});
