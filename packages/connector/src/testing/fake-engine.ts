import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { Engine, EngineFault, EngineJob, EngineModel, EngineSink } from '../engine.ts';
import { EngineError } from '../engine.ts';

export type FakeRun = {
  job: EngineJob;
  sink: EngineSink;
  isPaused: boolean;
  isCancelled: boolean;
  /** Lets a pending `cancel` resolve. */
  stopped(): void;
};

/** An engine that does what the test says. */
export type FakeEngine = Engine & {
  runs: FakeRun[];
  probes: number;
  models: EngineModel[];
  /** Set: `inventory` rejects with it and `probe` says false. */
  fault: EngineFault | undefined;
  /** Set: `run` throws. */
  isBroken: boolean;
  isClosed: boolean;
  /** What `slots` and `notices` give. */
  ownSlots: number | undefined;
  said: string[];
  /** Tells the watchdog that something changed. */
  change(): void;
};

export function modelOf(localName: string, change: Partial<EngineModel> = {}): EngineModel {
  return {
    localName,
    contextTokens: 1000,
    maxOutputTokens: 500,
    slots: 2,
    capabilities: { tools: true, vision: false, thinking: false, jsonSchema: false },
    remoteBacked: false,
    ...change,
  };
}

export const FINISH_PART: StreamPart = {
  type: 'finish',
  reason: 'stop',
  usage: {
    inputTokens: 2,
    imageInputTokens: 0,
    cacheReadTokens: 1,
    cacheWriteTokens: 0,
    outputTokens: 4,
    reasoningTokens: 1,
  },
};

export function createFakeEngine(models: EngineModel[]): FakeEngine {
  let listener = (): void => undefined;
  return {
    kind: 'fake',
    version: '1',
    runs: [],
    probes: 0,
    models,
    fault: undefined,
    isBroken: false,
    isClosed: false,
    ownSlots: undefined,
    said: [],
    slots() {
      return this.ownSlots;
    },
    notices() {
      return this.said;
    },
    onChange(told) {
      listener = told;
    },
    change: () => listener(),
    async inventory() {
      if (this.fault !== undefined) throw new EngineError(this.fault);
      return this.models;
    },
    async probe() {
      this.probes += 1;
      return this.fault === undefined;
    },
    run(job, sink) {
      if (this.isBroken) throw new TypeError('cannot read');
      const stopped = Promise.withResolvers<void>();
      const run: FakeRun = {
        job,
        sink,
        isPaused: false,
        isCancelled: false,
        stopped: () => stopped.resolve(),
      };
      this.runs.push(run);
      return {
        cancel() {
          run.isCancelled = true;
          return stopped.promise;
        },
        pause() {
          run.isPaused = true;
        },
        resume() {
          run.isPaused = false;
        },
      };
    },
    async close() {
      this.isClosed = true;
    },
  };
}
