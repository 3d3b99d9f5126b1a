import { RECORD_FLAGS, RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { Notice } from '@switchyard/protocol/link/messages.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonBody, startRawGateway } from '../testing/raw-gateway.ts';
import type { RawConnection, RawGateway } from '../testing/raw-gateway.ts';
import { startLinkClient } from './link-client.ts';
import type { LinkClient, LinkState } from './types.ts';

let gateway: RawGateway;
let client: LinkClient;
let states: LinkState[];
let notices: Notice[];

beforeEach(async () => {
  gateway = await startRawGateway();
  states = [];
  notices = [];
  client = startLinkClient({
    gatewayUrl: gateway.url,
    token: 'nk_secret',
    instanceId: 'instance',
    agentVersion: '0.1.0',
    agent: {
      capabilities: () => ({ engine: { kind: 'demo', version: '1' }, slots: { text: 1 }, models: [] }),
      offer: () => ({ reject: 'unsupported' }),
      state: (state) => states.push(state),
      notice: (notice) => notices.push(notice),
    },
  });
});
afterEach(async () => {
  client.close();
  await gateway.close();
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function welcomed(fields: Parameters<RawConnection['welcome']>[0] = {}): Promise<RawConnection> {
  await until(() => gateway.connections[0]?.got(RECORD_TYPES.hello).length === 1);
  const [connection] = gateway.connections;
  if (connection === undefined) throw new Error('no connection');
  connection.welcome(fields);
  await until(() => states.some(({ state }) => state === 'online'));
  return connection;
}

const FLAGS = { flags: RECORD_FLAGS.end | RECORD_FLAGS.optional };

test('a welcome may name the newest version, or say nothing of it', async () => {
  await welcomed({ newestAgent: '9.9.9' });
  expect(states.at(-1)).toEqual({ state: 'online', sessionId: 's1', newestAgent: '9.9.9' });
});

test('notices reach the agent, with what it knows of them', async () => {
  const connection = await welcomed();
  const earnings = { pendingMicros: 5, payableMicros: 7 };
  for (const body of [{ earnings, weather: 'fine' }, { weather: 'fine' }])
    connection.send(connection.record(RECORD_TYPES.notice, 0, jsonBody(body), FLAGS));
  connection.send(connection.record(RECORD_TYPES.notice, 0, jsonBody({ reduced: 'Too slow.' }), FLAGS));
  await until(() => notices.length === 3);
  expect(notices).toEqual([{ earnings }, {}, { reduced: 'Too slow.' }]);
  expect(states.at(-1)).toEqual({ state: 'online', sessionId: 's1' });
});

test('a notice that is none ends the connection', async () => {
  const connection = await welcomed();
  const body = jsonBody({ earnings: { pendingMicros: 'much' } });
  connection.send(connection.record(RECORD_TYPES.notice, 0, body, FLAGS));
  await until(() => connection.closeCode !== undefined);
  expect(connection.closeCode).toBe(CLOSE_CODES.protocol);
  expect(notices).toEqual([]);
});

test('an optional record of a later version is left unread', async () => {
  const connection = await welcomed();
  connection.send(
    connection.record(99, 0, jsonBody({ any: 'thing' }), FLAGS),
    connection.record(RECORD_TYPES.notice, 0, jsonBody({}), FLAGS),
  );
  await until(() => notices.length === 1);
});
