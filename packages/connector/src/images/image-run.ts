import { createHash } from 'node:crypto';
import type { ImageRequest } from '@switchyard/protocol/image.ts';
import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import { EngineError } from '../engine.ts';
import type { EngineFault } from '../engine.ts';
import type { JobResult } from '../job-run.ts';
import type { ImageStream, RunningJob } from '../link/types.ts';
import type { Timers } from '../timers.ts';
import type { ImageHost } from './image-host.ts';
import { fillRecipe } from './recipes.ts';

export type ImageRunOptions = {
  host: ImageHost;
  request: ImageRequest;
  /** From now. 0 means none. */
  deadlineMs: number;
  stream: ImageStream;
  timers: Timers;
  /** Called once, when the engine has stopped: the slot is free then. */
  onStopped(result: JobResult): void;
};

/** A step may take long on a small machine; the gateway gives a job up after 20 s without a sign. */
const ALIVE_PERIOD_MS = 5_000;
/** The gateway waits no longer for the answer to a cancel. */
const CANCEL_MAX_MS = 2_000;

const NO_RECIPE: EngineFault = { code: 'unsupported', message: 'This connector has no such recipe.' };
const RENDER_FAILED: EngineFault = { code: 'engine_failed', message: 'The picture could not be made.' };
const TOO_LARGE: EngineFault = { code: 'engine_failed', message: 'The picture has too many bytes.' };
const TOO_LATE: EngineFault = { code: 'timeout', message: 'The picture was not ready before its deadline.' };

/**
 * Makes one picture for an accepted job. The stream hears progress and then exactly one of `picture` and `fail`, or
 * nothing after `cancel`.
 */
export function startImageRun(options: ImageRunOptions): RunningJob {
  const { host, request, stream, timers } = options;
  const abort = new AbortController();
  const startedMs = timers.nowMs();
  let isOver = false;

  const aliveTimer = timers.every(ALIVE_PERIOD_MS, () => stream.alive());
  const deadline =
    options.deadlineMs > 0 ? timers.after(options.deadlineMs, () => fail(TOO_LATE)) : undefined;

  /** No more words on the stream. False: it was over already. */
  function finish(): boolean {
    if (isOver) return false;
    isOver = true;
    aliveTimer.cancel();
    deadline?.cancel();
    return true;
  }

  function fail(fault: EngineFault): void {
    if (!finish()) return;
    abort.abort();
    stream.fail(fault);
    void stopped.then(() => options.onStopped({ result: 'failed', fault }));
  }

  function deliver(png: Uint8Array): void {
    if (png.byteLength > IMAGE_LIMITS.pictureMaxBytes) return fail(TOO_LARGE);
    if (!finish()) return;
    host.measured(request.width * request.height * request.steps, timers.nowMs() - startedMs);
    options.onStopped({ result: 'done', usage: undefined });
    const { seed, width, height } = request;
    const sha256 = createHash('sha256').update(png).digest('hex');
    stream.picture(png, { mime: 'image/png', sha256, seed, width, height });
  }

  async function render(): Promise<void> {
    const job = fillRecipe(request);
    if (job === undefined) throw new EngineError(NO_RECIPE);
    const png = await host.engine.render(job, {
      signal: abort.signal,
      onStep(step) {
        if (!isOver) stream.progress({ step: Math.min(step, request.steps), steps: request.steps });
      },
    });
    deliver(png);
  }

  // A microtask later, so that the caller has the run in hand before the stream hears anything.
  const stopped = Promise.resolve()
    .then(render)
    .catch((error: unknown) => {
      queueMicrotask(() => fail(error instanceof EngineError ? error.fault : RENDER_FAILED));
    });

  return {
    async cancel() {
      const wasOver = !finish();
      abort.abort();
      const limit = Promise.withResolvers<void>();
      const timer = timers.after(CANCEL_MAX_MS, () => limit.resolve());
      await Promise.race([stopped, limit.promise]);
      timer.cancel();
      if (!wasOver) void stopped.then(() => options.onStopped({ result: 'cancelled' }));
    },
    pause: () => undefined,
    resume: () => undefined,
  };
}
