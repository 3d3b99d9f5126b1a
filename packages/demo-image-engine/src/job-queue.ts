/** The jobs of the worker thread: one is drawn step by step, the others wait their turn. */

import type { ImageModel } from './model.ts';
import { beginRendering, type RenderingInProgress, type SeededJob } from './rendering.ts';

export type JobReport =
  /** `step` steps of the job are done. */
  | { type: 'step'; id: number; step: number }
  | { type: 'done'; id: number; png: Uint8Array<ArrayBuffer> }
  | { type: 'cancelled'; id: number };

export type JobQueue = {
  submit(id: number, job: SeededJob): void;
  /** Nothing more happens to the job than the report that it is cancelled. Unknown and ended jobs are passed over. */
  cancel(id: number): void;
  /** Does one step, or finishes a picture. Returns whether there is more to do. */
  runTurn(): boolean;
};

type Waiting = { id: number; job: SeededJob };
type Running = { id: number; steps: number; done: number; rendering: RenderingInProgress };

export function createJobQueue(model: ImageModel, onReport: (report: JobReport) => void): JobQueue {
  let waiting: Waiting[] = [];
  let running: Running | undefined;

  function begin({ id, job }: Waiting): Running {
    return { id, steps: job.steps, done: 0, rendering: beginRendering(model, job) };
  }

  function advance(job: Running): void {
    if (job.done < job.steps) {
      job.rendering.step();
      job.done += 1;
      onReport({ type: 'step', id: job.id, step: job.done });
      return;
    }
    running = undefined;
    onReport({ type: 'done', id: job.id, png: job.rendering.finish() });
  }

  return {
    submit(id, job) {
      waiting.push({ id, job });
    },
    cancel(id) {
      const isKnown = running?.id === id || waiting.some((job) => job.id === id);
      if (running?.id === id) running = undefined;
      waiting = waiting.filter((job) => job.id !== id);
      if (isKnown) onReport({ type: 'cancelled', id });
    },
    runTurn() {
      const next = running === undefined ? waiting.shift() : undefined;
      if (next !== undefined) running = begin(next);
      if (running !== undefined) advance(running);
      return running !== undefined || waiting.length > 0;
    },
  };
}
