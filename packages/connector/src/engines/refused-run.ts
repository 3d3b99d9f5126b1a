import type { EngineFault, EngineRun, EngineSink } from '../engine.ts';

/** A job that is over before it began. The fault comes after `run` has returned, like every other one. */
export function refusedRun(fault: EngineFault, sink: EngineSink): EngineRun {
  let isCancelled = false;
  queueMicrotask(() => {
    if (!isCancelled) sink.onFault(fault);
  });
  return {
    async cancel() {
      isCancelled = true;
    },
    pause() {},
    resume() {},
  };
}
