import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reconcile } from '../packages/gateway/src/store/sqlite/ledger/reconcile.ts';
import { upstreamConfig } from './support/configs.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, temporaryFolder } from './support/processes.ts';

/**
 * A provider that behaves well, breaks off in the middle, fails, or dawdles, by what the prompt says; and a gateway that is
 * killed fifty times under it. Whatever happened, the books must be sound after each kill.
 */
const ROUNDS = 50;
const PRICE = '{ per_million_usd: { input: 1, output: 4 } }';

const event = (choice: object) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'provider-model', choices: [{ index: 0, ...choice }] })}\n\n`;

const usage = { prompt_tokens: 5, completion_tokens: 8, total_tokens: 13 };

function stream(response: ServerResponse, kind: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(
    event({ delta: { role: 'assistant', content: 'Some words of an answer' }, finish_reason: null }),
  );
  if (kind === 'dawdle') return;
  if (kind === 'break') {
    response.write(event({ delta: { content: ' that breaks' }, finish_reason: null }), () =>
      response.destroy(),
    );
    return;
  }
  response.write(event({ delta: {}, finish_reason: 'stop' }));
  if (kind !== 'no-usage') {
    response.write(
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'provider-model', choices: [], usage })}\n\n`,
    );
  }
  response.end('data: [DONE]\n\n');
}

const provider = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    const kind = /do:([a-z-]+)/.exec(body)?.[1] ?? 'well';
    if (kind === 'fail') response.writeHead(500).end('{"error":{}}');
    else if (body.includes('"stream":true')) stream(response, kind);
    else {
      response.writeHead(200, { 'content-type': 'application/json' });
      const message = { role: 'assistant', content: 'Some words of an answer' };
      const answer = { id: 'c', object: 'chat.completion', created: 1, model: 'provider-model' };
      response.end(
        JSON.stringify({ ...answer, choices: [{ index: 0, message, finish_reason: 'stop' }], usage }),
      );
    }
  });
});

let config: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const address = provider.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  // The provider fails on purpose: it shall not be left out for that.
  config = `${upstreamConfig(address.port, PRICE)}routing: { breaker: { failures: 1000 } }\n`;
});
afterAll(async () => {
  provider.closeAllConnections();
  provider.close();
  await cleanUp();
});

const KINDS = ['well', 'well', 'break', 'fail', 'dawdle', 'no-usage', 'abort'] as const;

/** Asks in all ways until the gateway is gone. Counts what ended one way or another. */
async function askUntilDead(
  gateway: Gateway,
  key: string,
  ended: { count: number; whole: number },
): Promise<void> {
  for (let count = 0; count < 5_000; count++) {
    const kind = KINDS[count % KINDS.length] ?? 'well';
    const leave = new AbortController();
    try {
      const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'resold',
          stream: kind !== 'well' || count % 2 === 0,
          max_tokens: 100,
          messages: [{ role: 'user', content: `do:${kind}` }],
        }),
        signal: leave.signal,
      });
      if (kind === 'dawdle' || kind === 'abort') {
        await reply.body?.getReader().read();
        leave.abort();
      } else {
        const text = await reply.text();
        if (reply.status === 200 && /\[DONE\]|"usage":/.test(text)) ended.whole += 1;
      }
    } catch {
      // Broken by the provider or by our own leaving; or the gateway is dead, which the next look shows.
      if (gateway.child.process.exitCode !== null || gateway.child.process.signalCode !== null) return;
    }
    ended.count += 1;
  }
}

it(`is killed ${ROUNDS} times under streams, aborts and failures, and its books are sound each time`, async () => {
  const dataDir = temporaryFolder();
  let gateway = await startGateway({ config, dataDir });
  const { key } = await gateway.customer('1000');
  const ended = { count: 0, whole: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const target = ended.count + 20 + ((round * 13) % 50);
    const askers = Array.from({ length: 10 }, () => askUntilDead(gateway, key, ended));
    await expect.poll(() => ended.count, { timeout: 60_000, interval: 1 }).toBeGreaterThan(target);
    await gateway.child.stop('SIGKILL');
    await Promise.all(askers);
    gateway = await startGateway({ config, dataDir, port: gateway.port });
    const report = reconcile(`${dataDir}/ledger.sqlite`);
    expect(report.problems, `round ${round}`).toEqual([]);
    const reply = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
    const balance = (await reply.json()) as { credits: number; held: number; total_spent: number };
    expect(balance.held).toBe(0);
    expect(balance.credits).toBeGreaterThanOrEqual(0);
    expect(Math.round((balance.credits + balance.total_spent) * 10_000)).toBe(1_000_000_000);
  }
  console.log(`${ended.count} requests ended, ${ended.whole} of them with a whole answer`);
}, 600_000);
