import { expect, test } from 'vitest';
import type { Dialect } from '../../core/attempt.ts';
import { attemptRequest, listen } from '../testing-upstream.ts';
import type { Upstream } from './upstream.ts';
import { combineDialects } from './upstream.ts';

function speaker(dialect: Dialect, log: string[]): Upstream {
  return {
    name: 'part',
    dialects: [dialect],
    start(request) {
      log.push(`${request.original.dialect} to ${dialect}`);
      return { cancel() {}, pause() {}, resume() {} };
    },
    async close() {
      log.push(`closed ${dialect}`);
    },
  };
}

test('a request goes to its own dialect, and any other to the first', async () => {
  const log: string[] = [];
  const both = combineDialects('openai', [speaker('responses', log), speaker('chat-completions', log)]);
  expect(both).toMatchObject({ name: 'openai', dialects: ['responses', 'chat-completions'] });
  for (const dialect of ['chat-completions', 'responses', 'messages'] as const) {
    const request = attemptRequest(true);
    both.start({ ...request, original: { ...request.original, dialect } }, listen().sink);
  }
  await both.close();
  expect(log).toEqual([
    'chat-completions to chat-completions',
    'responses to responses',
    'messages to responses',
    'closed responses',
    'closed chat-completions',
  ]);
  expect(() => combineDialects('none', [])).toThrow('must speak');
});

test('a translated request with stop strings goes to a dialect that has a field for them', () => {
  const log: string[] = [];
  const both = combineDialects('openai', [speaker('responses', log), speaker('chat-completions', log)]);
  const only = combineDialects('other', [speaker('responses', log)]);
  const request = attemptRequest(true);
  for (const upstream of [both, only]) {
    upstream.start(
      {
        ...request,
        chat: { ...request.chat, stop: ['END'] },
        original: { ...request.original, dialect: 'messages' },
      },
      listen().sink,
    );
  }
  expect(log).toEqual(['messages to chat-completions', 'messages to responses']);
});
