import { expect, it } from 'vitest';
import { createClosers } from './base.ts';

it('closes in the opposite order, and goes on past what fails at once or later', async () => {
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  const closers = createClosers({ debug: note, info: note, warn: note, error: note });
  closers.add(() => note('first'));
  closers.add(() => {
    throw new Error('busy');
  });
  closers.add(() => note('second'));
  closers.add(() => Promise.reject(new Error('late')));
  await closers.closeAll();
  expect(events).toEqual(['close_failed', 'second', 'close_failed', 'first']);
});
