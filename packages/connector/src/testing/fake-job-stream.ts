import type { JobStream } from '../link/types.ts';

/** A job's stream that writes down what it hears, and fails the test when it hears something after the end. */
export type FakeJobStream = JobStream & { heard: string[] };

export function createFakeJobStream(): FakeJobStream {
  const heard: string[] = [];
  let isClosed = false;

  function hear(word: string, closes: boolean): void {
    if (isClosed) throw new Error('the stream heard something after its end');
    isClosed = closes;
    heard.push(word);
  }

  return {
    heard,
    parts: (parts) => hear(parts.map((part) => part.type).join(','), false),
    alive: () => hear('alive', false),
    end: () => hear('end', true),
    fail: (fault) => hear(`fail ${fault.code}`, true),
  };
}
