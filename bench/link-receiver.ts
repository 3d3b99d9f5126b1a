/**
 * The program under test of the scenario "records": the gateway's side of the node link, alone. It gives its one node
 * jobs without end and counts the parts that come. `GET /` tells how many; the first line of output is its port.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../packages/gateway/src/core/clock.ts';
import { createFleet } from '../packages/gateway/src/fleet/create-fleet.ts';
import { attemptRequestOf } from '../packages/gateway/src/testing/recording-sink.ts';
import { IDENTITY, wantOf } from '../packages/gateway/src/testing/session-setup.ts';

const jobsAtOnce = 8;
const state = { parts: 0, answers: 0, faults: 0 };
const silent = (): void => undefined;

const fleet = createFleet({
  clock: systemClock,
  random: Math.random,
  authenticateNode: () => IDENTITY,
  log: { info: silent, warn: silent, error: (event) => console.error(event) },
});

function startJobs(): void {
  if (fleet.availability('main', 'small').slots === 0) return;
  for (let busy = jobsAtOnce - fleet.availability('main', 'small').freeSlots; busy < jobsAtOnce; busy += 1) {
    const slot = fleet.acquire(wantOf());
    if (typeof slot === 'string') return;
    slot.start(attemptRequestOf('go'), {
      onParts: (parts) => {
        state.parts += parts.length;
      },
      onAlive: silent,
      onEnd: () => {
        state.answers += 1;
      },
      onFault: () => {
        state.faults += 1;
      },
    });
  }
}

fleet.onCapacity(startJobs);
const server = createServer((_request, response) => response.end(JSON.stringify(state)));
server.on('upgrade', (request, socket, head) => fleet.handleUpgrade(request, socket, head));
server.listen(0, '127.0.0.1', () => console.log(`listening ${(server.address() as AddressInfo).port}`));
