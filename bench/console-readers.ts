/** The pages of the console's benchmark: a thread that opens streams of events and counts what comes. */
import { request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

export type ReadersSettings = { origin: string; accounts: readonly string[] };

const { origin, accounts } = workerData as ReadersSettings;
let open = 0;
let bytes = 0;
for (const account of accounts) {
  const asked = request(`${origin}/api/console/accounts/${account}/events`, {
    agent: false,
    headers: { 'x-account': account },
  });
  asked.on('response', (response) => {
    open += 1;
    if (open === accounts.length) parentPort?.postMessage('open');
    response.on('data', (chunk: Buffer) => (bytes += chunk.length));
  });
  asked.on('error', () => undefined);
  asked.end();
}
parentPort?.on('message', () => parentPort?.postMessage(bytes));
