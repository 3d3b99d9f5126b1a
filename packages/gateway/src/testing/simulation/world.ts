import { checkRest, checkStep, checkStory, countOutcomes } from './checkers.ts';
import { startProcess, type GatewayProcess } from './gateway-process.ts';
import { createLife } from './life.ts';
import { createStage, planWorld } from './plan-world.ts';
import type { PlantedBug } from './planted-bugs.ts';
import type { Stage, Stats } from './stage.ts';

/** More promises than any chain of the gateway has: after so many turns nothing is left to run. */
const TURNS = 14;
const TURN = Promise.resolve();
/** A world that is not at rest by then never will be. */
const STUCK_AFTER_MS = 900_000;

export type SimulationOptions = {
  planted?: PlantedBug;
  /** Sees each line of the story. */
  print?: (line: string) => void;
};

export type SimulationResult = {
  seed: number;
  ok: boolean;
  /** What did not hold, at most 20. */
  problems: readonly string[];
  stats: Stats;
  /** Same seed, same hash. */
  traceHash: string;
};

/**
 * Lives through one world that is made from one seed: clients, payments, engines and a disk around the real gateway,
 * which crashes and starts again. Everything is checked after each step and at the end. No real time, chance or I/O.
 */
export async function runSimulation(
  seed: number,
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  const world = createWorld(seed, options);
  const { stage } = world;
  try {
    while (stage.problems.size === 0 && world.step()) await world.settle();
    if (stage.problems.size === 0) checkStory(stage);
  } catch (error) {
    stage.report(`thrown: ${error instanceof Error ? error.message : 'something'}`);
  }
  countOutcomes(stage);
  const problems = [...stage.problems];
  return { seed, ok: problems.length === 0, problems, stats: stage.stats, traceHash: stage.trace.hash() };
}

type World = {
  stage: Stage & { problems: ReadonlySet<string> };
  /** Runs the next event. False: the world is at rest, or stuck. */
  step(): boolean;
  /** Lets the promises of that event run out, then checks. */
  settle(): Promise<void>;
};

function createWorld(seed: number, options: SimulationOptions): World {
  const stage = createStage(seed, options);
  const { random, scheduler, owner, trace, stats } = stage;
  let process: GatewayProcess | undefined;
  let epochs = 0;
  let dieAtTurn = -1;

  function start(): void {
    epochs += 1;
    const life = createLife(epochs, () => end(epochs));
    trace.note(`start ${epochs}`);
    process = startProcess(stage, life);
  }

  /** The process is gone, whatever it was doing. */
  function end(epoch: number): void {
    trace.note(`end of ${epoch}`);
    process = undefined;
    stats.crashes += 1;
    stage.open += 1;
    for (const record of stage.requestsByBody.values()) {
      if (record.epoch !== epoch || record.response.closed) continue;
      const doesRestArrive = random.chance(0.5);
      scheduler.after(random.int(0, 50), owner, () => record.response.lose(doesRestArrive));
    }
    scheduler.after(random.int(50, 3_000), owner, () => {
      stage.open -= 1;
      start();
    });
  }

  function crash(): void {
    const life = process?.life;
    if (life === undefined) return;
    const manner = random.int(0, 3);
    trace.note(`crash in manner ${manner}`);
    if (manner === 0) life.die();
    else if (manner === 1) dieAtTurn = random.int(0, TURNS - 1);
    else life.arm(random.int(1, 12), random.chance(0.5));
    scheduler.after(3_000, owner, () => life.die());
  }

  planWorld(stage, {
    running: () => process,
    crash,
    stop: () => process !== undefined && stopProperly(stage, process),
  });
  start();

  return {
    stage,
    step() {
      if (isAtRest(stage, process)) {
        if (process !== undefined) checkRest(stage, process);
        return false;
      }
      if (scheduler.nowMs() > STUCK_AFTER_MS) {
        stage.report(`stuck: ${stage.open} things are open, ${process?.deps.running.size ?? 0} requests run`);
        return false;
      }
      stats.steps += 1;
      return scheduler.runNext();
    },
    async settle() {
      for (let turn = 0; turn < TURNS; turn += 1) {
        await TURN;
        if (turn !== dieAtTurn) continue;
        dieAtTurn = -1;
        process?.life.die();
      }
      if (process === undefined) return;
      checkStep(stage, process);
      if (process.disk.hasFailed()) restartSoon(stage, process);
    },
  };
}

function isAtRest(stage: Stage, process: GatewayProcess | undefined): boolean {
  if (stage.open > 0 || process === undefined || !process.isAccepting || process.disk.hasFailed())
    return false;
  // The queue's timer and late words of engines run out by themselves.
  return process.deps.running.size === 0 && process.engines.busyCount() === 0 && process.life.timers === 1;
}

/** An operator looks after a gateway that takes no more requests, some time later. */
function restartSoon({ scheduler, owner, random, stats }: Stage, process: GatewayProcess): void {
  if (process.isRestartDue) return;
  process.isRestartDue = true;
  stats.diskFailures += 1;
  scheduler.after(random.int(100, 4_000), owner, () => process.life.die());
}

/** Stops as `main.ts` does: nothing new, time for what runs, an error for the rest, then the ledger is closed. */
function stopProperly(stage: Stage, process: GatewayProcess): void {
  const { scheduler, random, trace, stats } = stage;
  const { life, deps, ledger } = process;
  if (!process.isAccepting) return;
  process.isAccepting = false;
  stats.stops += 1;
  trace.note('stop');
  const abortMs = scheduler.nowMs() + random.int(0, 8_000);
  const giveUpMs = abortMs + 3_000;
  let isAborted = false;

  function look(): void {
    if (scheduler.nowMs() >= abortMs && !isAborted) {
      isAborted = true;
      for (const record of stage.requestsByBody.values()) {
        if (record.epoch === life.epoch && record.holdMicros !== undefined) record.oracle.aborted();
      }
      for (const run of deps.running) run.abort();
    }
    if (deps.running.size > 0 && scheduler.nowMs() < giveUpMs) {
      scheduler.after(50, life, look);
      return;
    }
    process.pulse.cancel();
    void ledger.close().then(() => {
      trace.note('stopped');
      life.die();
    });
  }
  look();
}
