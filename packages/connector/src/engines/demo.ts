import type { DemoEngine } from '@switchyard/demo-engine/engine.ts';
import type { DemoResult } from '@switchyard/demo-engine/types.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { Engine, EngineFault, EngineJob, EngineModel, EngineRun, EngineSink } from '../engine.ts';
import { EngineError } from '../engine.ts';
import type { Timers } from '../timers.ts';
import { findRequestProblem } from './check-request.ts';
import { createDemoEventReader, encodeDemoJob, readDemoFinish, readDemoUsage } from './demo-job.ts';
import { DEMO_MODEL_NAME } from './demo-model.ts';
import { refusedRun } from './refused-run.ts';

const CAPABILITIES: EngineModel['capabilities'] = {
  tools: true,
  vision: false,
  thinking: true,
  jsonSchema: false,
};
const CANCEL_MAX_MS = 2_000;

const NOT_STARTED: EngineFault = { code: 'engine_failed', message: 'The demo model could not be loaded.' };
const STOPPED: EngineFault = { code: 'engine_failed', message: 'The demo engine stopped the job.' };

export type DemoOptions = {
  /** Jobs at a time, 1 to 64. */
  slots: number;
  timers: Timers;
  /** Absent: that of the shipped model. */
  modelName?: string;
  notices?: string[];
  /** What is said when the engine does not start. */
  notStarted?: EngineFault;
  /** How the engine is started. Absent: with the shipped model. */
  start?(slots: number): Promise<DemoEngine>;
};

/**
 * The built-in demo model. It is loaded when it is first asked for, so that a connector for other engines
 * starts quickly. A failed start is tried again the next time.
 */
export function createDemoAdapter(options: DemoOptions): Engine {
  const start = options.start ?? startShippedEngine;
  const { notStarted = NOT_STARTED } = options;
  let starting: Promise<DemoEngine> | undefined;
  let isClosed = false;

  function engine(): Promise<DemoEngine> {
    if (isClosed) return Promise.reject(new EngineError(STOPPED));
    starting ??= start(options.slots).catch(() => {
      starting = undefined;
      throw new EngineError(notStarted);
    });
    return starting;
  }

  return {
    kind: 'demo',
    version: '1',
    async inventory() {
      const { contextTokens } = await engine();
      return [
        {
          localName: options.modelName ?? DEMO_MODEL_NAME,
          contextTokens,
          maxOutputTokens: contextTokens,
          slots: options.slots,
          capabilities: CAPABILITIES,
          remoteBacked: false,
          canContinue: true,
          digest: `${options.modelName ?? DEMO_MODEL_NAME}-1`,
        },
      ];
    },
    slots: () => options.slots,
    notices: () => options.notices ?? [],
    async probe(signal) {
      try {
        return await answersInTime(await engine(), signal);
      } catch {
        return false;
      }
    },
    run(job, sink) {
      const problem = findRequestProblem(job.chat, CAPABILITIES);
      if (problem !== undefined) return refusedRun(problem, sink);
      return startDemoRun({ engine: engine(), job, timers: options.timers }, sink);
    },
    async close() {
      isClosed = true;
      const started = await starting?.catch(() => undefined);
      await started?.close();
    },
  };
}

async function startShippedEngine(slots: number): Promise<DemoEngine> {
  const { startDemoEngine } = await import('@switchyard/demo-engine/engine.ts');
  return startDemoEngine({ slots });
}

/** Lets the worker count the tokens of an empty prompt. A full queue is an answer too. */
async function answersInTime(engine: DemoEngine, signal: AbortSignal): Promise<boolean> {
  const { messages, ...settings } = encodeDemoJob(PROBE_CHAT);
  const counted = engine.countTokens({ messages, ...settings }).then(
    () => true,
    (error: unknown) => error instanceof Error && 'code' in error && error.code === 'overloaded',
  );
  const aborted = Promise.withResolvers<boolean>();
  const giveUp = (): void => aborted.resolve(false);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  const answer = await Promise.race([counted, aborted.promise]);
  signal.removeEventListener('abort', giveUp);
  return answer;
}

const PROBE_CHAT: EngineJob['chat'] = {
  messages: [{ role: 'user', content: [] }],
  tools: [],
  toolChoice: 'auto',
  parallelToolCalls: true,
  responseFormat: { type: 'text' },
  sampling: {},
  stop: [],
};

type DemoRun = { engine: Promise<DemoEngine>; job: EngineJob; timers: Timers };

/**
 * The engine cannot be paused, so a paused job's parts are held here. That is at most one answer, which the
 * model's small context bounds to some kilobytes.
 */
function startDemoRun(run: DemoRun, sink: EngineSink): EngineRun {
  const reader = createDemoEventReader(run.job.chat);
  const stopped = Promise.withResolvers<void>();
  let isCancelled = false;
  let isPaused = false;
  let held: StreamPart[] = [];
  let heldEnd: (() => void) | undefined;
  let stopEngineJob: (() => void) | undefined;

  /** Hands out what is held. Looks again after each call, because the sink may pause or cancel in it. */
  function flush(): void {
    if (isPaused || isCancelled) return;
    if (held.length > 0) {
      const parts = held;
      held = [];
      sink.onParts(parts);
    }
    if (isPaused || isCancelled || heldEnd === undefined) return;
    const end = heldEnd;
    heldEnd = undefined;
    end();
  }

  function endWith(end: () => void): void {
    stopped.resolve();
    heldEnd = end;
    flush();
  }

  function onResult({ finish, usage }: DemoResult): void {
    const reason = readDemoFinish(finish);
    if (reason === undefined) return endWith(() => sink.onFault(STOPPED));
    held.push({ type: 'finish', reason, usage: readDemoUsage(usage) });
    endWith(() => sink.onEnd());
  }

  run.engine.then(
    (engine) => {
      if (isCancelled) return stopped.resolve();
      const started = engine.run(encodeDemoJob(run.job.chat), {
        onEvents(events) {
          held.push(...reader.read(events));
          flush();
        },
        onPrefill() {
          if (!isPaused && !isCancelled) sink.onAlive();
        },
        onEnd: onResult,
        onFault: (fault) => endWith(() => sink.onFault(fault)),
      });
      stopEngineJob = () => started.cancel();
    },
    () => endWith(() => sink.onFault(NOT_STARTED)),
  );

  return {
    cancel() {
      isCancelled = true;
      held = [];
      stopEngineJob?.();
      const timer = run.timers.after(CANCEL_MAX_MS, () => stopped.resolve());
      return stopped.promise.finally(() => timer.cancel());
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      flush();
    },
  };
}
