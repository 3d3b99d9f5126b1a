/** The worker thread: loads the model and renders one job after another, looking at its messages between steps. */

import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { createJobQueue } from './job-queue.ts';
import { loadImageModel, type ImageModel } from './model.ts';
import type { WorkerRequest, WorkerResponse } from './worker-messages.ts';

function main(): void {
  const port = parentPort;
  if (port === null) throw new Error('The demo image engine worker must be started as a worker thread.');
  const send = (response: WorkerResponse) => {
    port.postMessage(response, response.type === 'done' ? [response.png.buffer] : []);
  };
  const queue = createJobQueue(readModel(), send);

  let isScheduled = false;
  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    // The event loop delivers messages between two immediates, so a cancel waits for one step at most.
    setImmediate(() => {
      isScheduled = false;
      if (queue.runTurn()) schedule();
    });
  };
  port.on('message', (request: WorkerRequest) => {
    if (request.type === 'render') queue.submit(request.id, request.job);
    else queue.cancel(request.id);
    schedule();
  });
  send({ type: 'ready' });
}

function readModel(): ImageModel {
  const models = new URL('../models/', import.meta.url);
  const onnx = readFileSync(new URL('pix-1.0M-v0.2.onnx', models));
  return loadImageModel(onnx, readFileSync(new URL('vocab.json', models), 'utf8'));
}

main();
