import { sendRequest } from './clients.ts';
import { createDurableStore } from './durable-store.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { makePeople } from './people.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { createRandom } from './random.ts';
import { createScheduler, type Owner } from './scheduler.ts';
import { planTransfer, refundSome, runJob } from './side-work.ts';
import type { Stage } from './stage.ts';
import { createTrace } from './trace.ts';

/** Ordinary days, and the minutes before a day, a week, a month and a year end. */
const STARTS = [
  '2026-11-20T12:00Z',
  '2026-11-28T23:59Z',
  '2026-11-29T23:59Z',
  '2026-11-30T23:59Z',
  '2026-12-31T23:59Z',
];
const PROBLEMS_MAX = 20;

/** Everything of a world that is there before its gateway. `problems` fills as they are found. */
export function createStage(
  seed: number,
  options: { planted?: PlantedBug; print?: (line: string) => void },
): Stage & { problems: Set<string> } {
  const random = createRandom(seed);
  const startMs = Date.parse(random.pick(STARTS));
  const scheduler = createScheduler(startMs);
  const problems = new Set<string>();
  const trace = createTrace(() => scheduler.nowMs(), options.print);
  const owner: Owner = { alive: true, timers: 0 };
  const report = (problem: string): void => {
    trace.note(`PROBLEM ${problem}`);
    if (problems.size < PROBLEMS_MAX) problems.add(problem);
  };
  return {
    seed,
    random,
    scheduler,
    owner,
    trace,
    problems,
    report,
    store: createDurableStore(report),
    people: makePeople(random, startMs),
    habits: {
      commitMaxMs: random.pick([0, 3, 20, 800]),
      answerMaxMs: random.pick([0, 2, 30]),
      failureRate: random.chance(0.2) ? 0.03 : 0,
    },
    planted: options.planted,
    requests: new Map(),
    requestsByBody: new Map(),
    orders: new Map(),
    jobs: new Map(),
    transfers: new Map(),
    refunds: new Map(),
    unknownCommits: new Set(),
    looksAtKeys: random.chance(0.5),
    stats: {
      requests: 0,
      whole: 0,
      charged: 0,
      refused: 0,
      failed: 0,
      repeated: 0,
      left: 0,
      retried: 0,
      triedAgain: 0,
      crashes: 0,
      diskFailures: 0,
      stops: 0,
      transfers: 0,
      refunds: 0,
      earned: 0,
      durableHolds: 0,
      steps: 0,
    },
    open: 0,
  };
}

export type Actors = { running: () => GatewayProcess | undefined; crash(): void; stop(): unknown };

/** Sets when what will happen. All of it is known before the first step; only its course is not. */
export function planWorld(stage: Stage, { running, crash, stop }: Actors): void {
  const { random, scheduler, owner, people } = stage;
  const lastMs = random.pick([2_000, 15_000, 60_000]);

  function plan(atMs: number, task: () => void): void {
    stage.open += 1;
    scheduler.after(atMs, owner, () => {
      stage.open -= 1;
      task();
    });
  }
  function withProcess(atMs: number, task: (process: GatewayProcess) => void): void {
    plan(atMs, () => {
      const process = running();
      if (process !== undefined) task(process);
    });
  }

  const transfers = 2 * people.accounts.length + random.int(1, 8);
  for (let number = 0; number < transfers; number += 1) {
    planTransfer(stage, running, {
      number,
      atMs: number < 2 * people.accounts.length ? 0 : random.int(0, lastMs),
    });
  }
  for (let number = random.int(20, 60); number > 0; number -= 1) {
    withProcess(random.int(30, lastMs), (process) => sendRequest(stage, process, number));
  }
  for (let number = random.int(0, 5); number > 0; number -= 1) {
    withProcess(random.int(30, lastMs), (process) => runJob(stage, process, number));
  }
  for (let number = random.int(0, 8); number > 0; number -= 1) {
    withProcess(random.int(300, lastMs + 5_000), (process) => refundSome(stage, process, number));
  }
  for (let count = random.int(0, 6); count > 0; count -= 1) {
    withProcess(random.int(100, lastMs + 5_000), (process) => process.sweep());
  }
  for (let count = random.int(0, 2); count > 0; count -= 1) {
    withProcess(random.int(100, lastMs), (process) => process.engines.loseNode());
  }
  for (let count = random.pick([0, 0, 1, 1, 2, 4]); count > 0; count -= 1)
    plan(random.int(100, lastMs + 5_000), crash);
  if (random.chance(0.35)) plan(random.int(1_000, lastMs + 5_000), stop);
}
