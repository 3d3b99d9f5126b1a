import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Gateway } from './gateway.ts';

/** The wall clock of a gateway's process in the hand of a test: an hour ends when the test says so. */

const PATCH = fileURLToPath(new URL('moved-date.ts', import.meta.url));

/** What a process must be started with, besides a channel for messages. */
export function movableClockEnvironment(aheadMs: number): Record<string, string> {
  return { NODE_OPTIONS: `--import=${PATCH}`, TEST_CLOCK_AHEAD_MS: String(aheadMs) };
}

/** Puts the wall clock of a gateway forward. It was started with `hasMovableClock`. Resolves when it holds. */
export async function moveClock({ child }: Pick<Gateway, 'child'>, byMs: number): Promise<void> {
  const moved = once(child.process, 'message');
  child.process.send({ moveClockByMs: byMs });
  await moved;
}
