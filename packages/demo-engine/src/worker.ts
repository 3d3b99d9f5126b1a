/** The worker thread: loads the model and runs the scheduler, looking at its messages between rounds. */

import { readFileSync, statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { loadModel } from './model.ts';
import { createScheduler } from './scheduler.ts';
import type { WorkerRequest, WorkerResponse, WorkerSettings } from './worker-messages.ts';

const MAX_MODEL_BYTES = 67_108_864;

function main(): void {
  const port = parentPort;
  if (port === null) throw new Error('The demo engine worker must be started as a worker thread.');
  const settings = workerData as WorkerSettings;
  if (statSync(settings.modelPath).size > MAX_MODEL_BYTES) {
    throw new Error('The model file is too large for the demo engine.');
  }
  const model = loadModel(readFileSync(settings.modelPath));
  const send = (response: WorkerResponse) => port.postMessage(response);
  const scheduler = createScheduler({
    model,
    slots: settings.slots,
    onReports: (reports) => send({ type: 'reports', reports }),
    now: () => performance.now(),
  });

  let isScheduled = false;
  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    // The event loop delivers messages between two immediates, so a cancel waits for one round at most.
    setImmediate(() => {
      isScheduled = false;
      if (scheduler.runRound()) schedule();
    });
  };
  port.on('message', (request: WorkerRequest) => {
    switch (request.type) {
      case 'run':
        scheduler.submit(request.id, request.job);
        break;
      case 'count':
        scheduler.count(request.id, request.job);
        break;
      case 'cancel':
        scheduler.cancel(request.id);
        break;
    }
    schedule();
  });
  send({ type: 'ready', contextTokens: model.shape.contextTokens });
}

main();
