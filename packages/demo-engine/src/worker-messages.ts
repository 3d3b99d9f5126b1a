/** What the engine and its worker thread say to each other. */

import type { JobReport } from './scheduler.ts';
import type { DemoJob } from './types.ts';

export type WorkerRequest =
  | { type: 'run'; id: number; job: DemoJob }
  | { type: 'count'; id: number; job: DemoJob }
  | { type: 'cancel'; id: number };

export type WorkerResponse =
  | { type: 'ready'; contextTokens: number }
  | { type: 'reports'; reports: JobReport[] };

/** Given to the worker when it starts. */
export type WorkerSettings = { modelPath: string; slots: number };
