import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from '../../packages/gateway/src/testing/simulation/random.ts';
import { MODES } from './fake-modes.ts';
import type { Machine } from './machines.ts';

export type Troubles = {
  /** How often each was done. */
  counts: ReadonlyMap<string, number>;
  /** Begins no more, and resolves when all are mended. */
  end(): Promise<void>;
};

const MOST_DOWN = 3;
/** Longer than the 15 s after which a busy node counts as lost, now and then. */
const FREEZE_MS = { least: 500, most: 20_000 };

/** Begins troubles one after another, each for a while. The seed says which, how long, and at whom. */
export function makeTrouble(machines: readonly Machine[], random: Random, shortestMs: number): Troubles {
  const counts = new Map<string, number>();
  const running = new Set<Promise<void>>();
  const pause = new AbortController();
  const sleep = (ms: number): Promise<void> =>
    wait(ms, undefined, { signal: pause.signal }).catch(() => undefined);

  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

  async function down(machine: Machine): Promise<void> {
    if (random.chance(0.5)) {
      count('killed');
      const ms = random.int(200, 3_000);
      await machine.kill();
      await sleep(ms);
      machine.restart();
    } else {
      count('frozen');
      const ms = random.int(FREEZE_MS.least, FREEZE_MS.most);
      machine.freeze();
      await sleep(ms);
      machine.thaw();
    }
  }

  async function cut(machine: Machine): Promise<void> {
    count('cut');
    const relay = random.pick(machine.relays);
    const ms = random.chance(0.3) ? 0 : random.int(100, 8_000);
    relay.isOpen = false;
    relay.cut();
    await sleep(ms);
    relay.isOpen = true;
  }

  async function change(machine: Machine): Promise<void> {
    const mode = random.pick(MODES.slice(1));
    count(mode);
    const node = random.int(0, machine.relays.length - 1);
    machine.command?.({ node, mode });
    await sleep(random.int(1_000, 10_000));
    machine.command?.({ node, mode: 'honest' });
  }

  function begin(): Promise<void> {
    const dice = random.next();
    const machine = random.pick(machines);
    if (dice < 0.25) {
      const isRoom = machines.filter(({ isDown }) => isDown).length < MOST_DOWN;
      return isRoom && !machine.isDown ? down(machine) : Promise.resolve();
    }
    if (dice < 0.55) return cut(machine);
    return machine.command === undefined ? Promise.resolve() : change(machine);
  }

  async function run(): Promise<void> {
    while (!pause.signal.aborted) {
      const trouble = begin().finally(() => running.delete(trouble));
      running.add(trouble);
      await sleep(random.int(shortestMs, 4 * shortestMs));
    }
  }

  const whole = run();
  return {
    counts,
    async end() {
      pause.abort();
      await whole;
      await Promise.all(running);
    },
  };
}
