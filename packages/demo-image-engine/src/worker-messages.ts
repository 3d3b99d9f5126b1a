/** What the engine and its worker thread say to each other. */

import type { JobReport } from './job-queue.ts';
import type { SeededJob } from './rendering.ts';

export type WorkerRequest = { type: 'render'; id: number; job: SeededJob } | { type: 'cancel'; id: number };

export type WorkerResponse = { type: 'ready' } | JobReport;
