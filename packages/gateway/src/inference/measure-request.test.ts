import { describe, expect, test } from 'vitest';
import { measureInput } from '../pricing/input-ceiling.ts';
import { createRouter } from '../routing/router.ts';
import { messagesSurface } from '../surfaces/messages/surface.ts';
import { NO_NODES } from '../testing/no-nodes.ts';
import { measureRequest } from './measure-request.ts';
import { FLAT, modelWith } from './testing-text-world.ts';

const provider = (dialects: ('messages' | 'chat-completions')[]) => ({
  name: 'p',
  dialects,
  onDisconnect: 'cancel' as const,
  waitMs: () => 0,
  start: () => ({ cancel: () => undefined, pause: () => undefined, resume: () => undefined }),
  close: () => Promise.resolve(),
});
const native = createRouter(NO_NODES, new Map([['p', provider(['messages'])]]));
const foreign = createRouter(NO_NODES, new Map([['p', provider(['chat-completions'])]]));
const model = {
  ...modelWith(FLAT),
  routes: [{ kind: 'upstream' as const, upstream: 'p', remoteModel: 'm' }],
};

function decoded(fields: object) {
  const body = { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }], ...fields };
  const result = messagesSurface.decode(Buffer.from(JSON.stringify(body)));
  if (!result.ok) throw new Error('refused');
  return result.value;
}

function ceilings(fields: object) {
  const request = { surface: messagesSurface, model, decoded: decoded(fields) };
  return {
    plain: measureInput(request.decoded.chat).ceilingTokens,
    native: measureRequest({ router: native }, request).ceilingTokens,
    foreign: measureRequest({ router: foreign }, request).ceilingTokens,
  };
}

describe('input that only a provider of the dialect reads', () => {
  const description = 'd'.repeat(3_000);
  const deferred = { name: 'f', description, input_schema: { type: 'object' }, defer_loading: true };

  test.each<[string, object]>([
    ['a tool that may be loaded', { tools: [deferred] }],
    ['examples of a tool', { tools: [{ name: 'f', input_examples: [{ a: description }] }] }],
  ])('%s counts with its bytes, where such a provider may get it', (_name, fields) => {
    const { plain, native: withIt, foreign: without } = ceilings(fields);
    expect(withIt).toBeGreaterThan(plain + 3_000);
    expect(without).toBe(plain);
  });

  test.each<[string, object]>([
    [
      'a PDF',
      {
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'document',
                source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
              },
            ],
          },
        ],
      },
    ],
    ['a tool of the provider', { tools: [{ type: 'web_fetch_20260318', name: 'web_fetch' }] }],
  ])('%s may fill the whole context', (_name, fields) => {
    const { plain, native: withIt, foreign: without } = ceilings(fields);
    expect(plain).toBeLessThan(model.contextTokens);
    expect(withIt).toBe(model.contextTokens);
    expect(without).toBe(plain);
  });

  test('without any nothing changes', () => {
    const { plain, native: withIt } = ceilings({ tools: [{ name: 'f' }] });
    expect(withIt).toBe(plain);
  });
});
