import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReasoningEffort } from '@switchyard/protocol/chat.ts';
import { ok } from '../core/result.ts';
import {
  ASK,
  FINISH,
  FLAT,
  TEXT,
  closeWorld,
  modelWith,
  openWorld,
  post,
  useWorld,
  world,
} from './testing-text-world.ts';

beforeEach(openWorld);
afterEach(closeWorld);

describe('the effort that a target is asked for', () => {
  it.each<{
    name: string;
    thinks: boolean;
    set?: ReasoningEffort;
    asked?: ReasoningEffort;
    effort?: ReasoningEffort;
  }>([
    { name: "is the client's", thinks: true, asked: 'low', effort: 'low' },
    {
      name: "is the variant's, whatever the client says",
      thinks: true,
      set: 'high',
      asked: 'low',
      effort: 'high',
    },
    { name: "is the variant's where the client says nothing", thinks: true, set: 'high', effort: 'high' },
    { name: 'is not named when nobody does', thinks: true },
    { name: "is not the client's at a model that does not think", thinks: false, asked: 'low' },
    { name: "is not the variant's at a model that does not think", thinks: false, set: 'high', asked: 'low' },
  ])('$name', async ({ thinks, set, asked, effort }) => {
    const model = modelWith(FLAT);
    world.deps = {
      ...world.deps,
      resolveModel: () =>
        ok({
          ...model,
          capabilities: { ...model.capabilities, thinking: thinks },
          settings: set === undefined ? {} : { reasoningEffort: set },
        }),
    };
    const { reply } = post({
      ...ASK,
      max_tokens: 7,
      ...(asked === undefined ? {} : { reasoning_effort: asked }),
    });
    const attempt = await world.nextTry();
    expect(attempt.request.chat.reasoningEffort).toBe(effort);
    expect(Object.hasOwn(attempt.request.chat, 'reasoningEffort')).toBe(effort !== undefined);
    expect(attempt.request.chat).toMatchObject({ maxOutputTokens: 7, messages: [{ role: 'user' }] });
    expect(world.asks[0]?.needs.thinking).toBe(effort !== undefined);
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
    expect((await reply).status).toBe(200);
  });
});

it('gives the place in the rate back when there is no money for a request', async () => {
  useWorld(FLAT, 0);
  for (let turn = 0; turn < 3; turn++) {
    const { status, headers } = await post(ASK).reply;
    expect(status).toBe(402);
    expect(headers['x-ratelimit-remaining-requests']).toBe('999');
  }
});
