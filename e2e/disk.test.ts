import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DiskFaultKind,
  createDiskFault,
} from '../packages/gateway/src/store/sqlite/ledger/testing-disk-fault.ts';
import { upstreamConfig } from './support/configs.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, temporaryFolder } from './support/processes.ts';

/** A gateway whose disk fails while it serves: it must stop selling, go on answering, and lose no charge. */

const fault = createDiskFault(temporaryFolder());
if (fault === undefined) console.log('skipped: a disk that fails on demand needs Linux and a C compiler');

const PRICE_CREDITS = 8;

const upstream = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: 'provider-model',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
      }),
    );
  });
});
let upstreamPort = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
  upstreamPort = (upstream.address() as AddressInfo).port;
});
afterAll(async () => {
  await cleanUp();
  upstream.close();
});

function ask(gateway: Gateway, key: string): Promise<Response> {
  return fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'resold', messages: [{ role: 'user', content: 'Hi' }] }),
  });
}

/** Asks from many sides until all have been refused. Returns the requests whose answer came whole. */
async function askUntilRefused(
  gateway: Gateway,
  key: string,
): Promise<{ answered: string[]; refusals: unknown[] }> {
  const answered: string[] = [];
  const refusals: unknown[] = [];
  const asker = async (): Promise<void> => {
    for (;;) {
      const reply = await ask(gateway, key);
      const body: unknown = await reply.json();
      if (reply.status !== 200) {
        refusals.push({ status: reply.status, body });
        return;
      }
      answered.push(reply.headers.get('x-request-id') ?? '');
      if (answered.length === 200) fault?.arm(kindUnderTest);
    }
  };
  await Promise.all(Array.from({ length: 16 }, asker));
  return { answered, refusals };
}

let kindUnderTest: DiskFaultKind = 'full';

describe.skipIf(fault === undefined)('a gateway whose disk fails', () => {
  const kinds: DiskFaultKind[] = ['full', 'sync'];
  it.each(kinds)(
    'by %s refuses what costs, answers the rest, and has every charge after a restart',
    async (kind) => {
      kindUnderTest = kind;
      const dataDir = temporaryFolder();
      const config = upstreamConfig(upstreamPort, `{ credits: ${PRICE_CREDITS} }`);
      const gateway = await startGateway({ config, dataDir, env: fault?.env ?? {} });
      const { key, accountId } = await gateway.customer('10000');
      const { answered, refusals } = await askUntilRefused(gateway, key);
      expect(answered.length).toBeGreaterThanOrEqual(200);
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ status: 503, body: { error: { code: 'ledger_unavailable' } } });
      }

      const get = (path: string) =>
        fetch(`http://127.0.0.1:${gateway.port}${path}`, { headers: { authorization: `Bearer ${key}` } });
      for (const path of ['/healthz', '/v1/models', '/v1/balance', '/metrics', '/']) {
        expect([path, (await get(path)).status]).toEqual([path, 200]);
      }
      expect((await get('/readyz')).status).toBe(503);
      expect((await ask(gateway, key)).status).toBe(503);
      expect(gateway.child.output()).toContain('"ledger_failed"');

      fault?.disarm();
      await gateway.child.stop('SIGTERM');
      const next = await startGateway({ config, dataDir });
      expect(await next.cli('reconcile')).toMatchObject({ ok: true, problems: [] });
      const history = (await next.cli('credit', 'history', accountId, '--limit', '1000')) as {
        postings: { kind: string; request: string | null; amount: { credits: number } }[];
      };
      const charged = new Map(
        history.postings
          .filter((posting) => posting.kind === 'charge')
          .map((posting) => [posting.request, posting.amount.credits]),
      );
      expect(answered.filter((id) => charged.get(id) !== -PRICE_CREDITS)).toEqual([]);
      expect((await ask(next, key)).status).toBe(200);
      await next.child.stop('SIGTERM');
    },
  );
});
