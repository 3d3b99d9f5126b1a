import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { micros } from '../../../packages/gateway/src/core/money.ts';
import { newId } from '../../../packages/gateway/src/core/ids.ts';
import { keptReceipt } from '../../../packages/gateway/src/receipts/testing-receipts.ts';
import { createBatchWriter } from '../../../packages/gateway/src/store/sqlite/ledger/apply-batch.ts';
import { openForWriting } from '../../../packages/gateway/src/store/sqlite/ledger/connection.ts';
import { resolveItem } from '../../../packages/gateway/src/store/sqlite/ledger/testing-items.ts';
import {
  startDemoConnector,
  startGateway,
  startImageConnector,
  type Gateway,
} from '../../support/gateway.ts';
import { startProvider } from '../../support/provider/server.ts';
import { accountOf, askAs, chat, emailOf, fillSignUp, heading, signUp, siteOf } from './steps.ts';
import { talk } from './filled-studio.ts';

/** A site with a month behind it, so that no page is empty: people, keys, machines, requests, money. */

const configOf = (providerPort: number) => `
brand: { name: Switchyard, key_prefix: switchyard }
accounts: { welcome_usd: 1 }
limits: { requests_per_minute: 100000 }
pools:
  gpu: { description: Machines of members }
upstreams:
  example:
    kind: openai-compatible
    base_url: http://127.0.0.1:9/v1
    allow_private_addresses: true
  second:
    kind: openai-compatible
    base_url: http://127.0.0.1:${providerPort}/v1
    allow_private_addresses: true
models:
  - id: qwen3-8b
    display_name: Qwen3 8B
    description: Good at code and at many languages.
    context_tokens: 32768
    max_output_tokens: 8192
    capabilities: { tools: true, thinking: true }
    price: { per_million_usd: { input: 0.05, cached_input: 0.01, output: 0.20 } }
    node_share_bps: 7000
    routes: [{ pool: gpu, model: qwen3-8b }]
  - id: mote
    display_name: Mote 1.3M demo
    description: A very small model to try things out with.
    context_tokens: 1024
    max_output_tokens: 400
    price: { credits: 1 }
    node_share_bps: 6500
    routes: [{ pool: gpu, model: qwen3-8b }]
  - id: large-70b
    display_name: Large 70B
    description: At another provider; the slower and the better one.
    context_tokens: 131072
    max_output_tokens: 8192
    capabilities: { tools: true, vision: true, json_schema: true }
    price: { per_million_usd: { input: 0.60, output: 2.40 } }
    routes: [{ upstream: example, model: large-70b }]
  - id: seer-30b
    display_name: Seer 30B
    description: Sees pictures, and thinks before it answers.
    context_tokens: 131072
    max_output_tokens: 8192
    capabilities: { tools: true, vision: true, thinking: true }
    price: { per_million_usd: { input: 0.30, output: 1.20 } }
    routes: [{ upstream: second, model: seer-30b }]
  - id: demo-image
    kind: image
    display_name: Demo pictures
    description: Draws simple scenes.
    safe_output: true
    price: { credits: 18 }
    routes: [{ pool: gpu, model: demo-image@1 }]
`;
const DAYS = 30;
const DAY_MS = 86_400_000;
const MODELS = ['qwen3-8b', 'qwen3-8b', 'mote', 'large-70b', 'qwen3-8b', 'demo-image'];
const KEYS = ['notebook', 'support-bot', 'nightly-evals'];

export type FilledSite = {
  gateway: Gateway;
  /** What stands in the addresses of pages in place of `:name`. */
  parts: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

/** Fills a site through `page`, whose person, Mara, becomes the operator and owns the account that is full. */
export async function fillSite(page: Page): Promise<FilledSite> {
  const provider = await startProvider(talk);
  const config = configOf(provider.port);
  let gateway = await startGateway({ config });
  const { link } = (await gateway.cli('operator', 'link')) as { link: string };
  await page.goto(link);
  await fillSignUp(page, 'Mara');
  await heading(page, 'Overview');
  const account = await accountOf(page);
  const post = async (path: string, body: object) =>
    (await askAs(page, 'POST', `/api/console/accounts/${account}/${path}`, body)).body;
  const keys = new Map<string, { id: string; secret: string }>();
  for (const name of KEYS) {
    const limit = name === 'nightly-evals' ? { monthLimitMicros: 20_000_000 } : {};
    const made = (await post('keys', { name, ...limit })) as { key: { id: string }; secret: string };
    keys.set(name, { id: made.key.id, secret: made.secret });
  }
  const payer = await gateway.customer('50');
  await gateway.cli('credit', 'add', account, '--usd', '40', '--reason', 'invoice 2026-104');

  // The month behind: written while nobody else has the ledger.
  const { port, dataDir } = gateway;
  const shared = (await post('nodes', { name: 'cellar-4090', kind: 'shared', pool: 'gpu' })) as NewNode;
  const own = (await post('nodes', { name: 'attic', kind: 'private' })) as NewNode;
  await post('nodes', { name: 'old-laptop', kind: 'private' });
  await gateway.child.stop();
  writeMonth(dataDir, {
    account,
    payer: payer.accountId,
    keyIds: [...keys.values()].map(({ id }) => id),
    nodeId: shared.node.id,
  });
  gateway = await startGateway({ config, dataDir, port });
  await startDemoConnector(gateway, shared.token, { alias: 'qwen3-8b' });
  await startDemoConnector(gateway, own.token);
  await startImageConnector(gateway, (await gateway.node('gpu')).token);

  await page.reload();
  await heading(page, 'Overview');
  await post('deployments', { name: 'home', model: 'mote-chat' });
  await post('invitations', { email: emailOf('Jonas'), role: 'developer' });
  const asked = await chat(gateway, keys.get('notebook')?.secret ?? '', 'qwen3-8b');
  await chat(gateway, payer.key, 'mote');
  await chat(gateway, payer.key, 'large-70b');
  const request = asked.headers.get('x-request-id') ?? '';
  const parts = { account, node: shared.node.id, model: 'qwen3-8b', request };
  return { gateway, parts, close: () => provider.close() };
}

type NewNode = { node: { id: string }; token: string };

/** The same site for somebody who has just come: a second person, Olga, with an account of her own and nothing in it. */
export async function openEmptyAccount(page: Page, { gateway }: FilledSite): Promise<void> {
  await signUp(page, gateway, 'Olga');
}

type Owners = { account: string; payer: string; keyIds: readonly string[]; nodeId: string };

/** More on working days and some growth, always the same numbers. The last ones are of an hour ago. */
function writeMonth(dataDir: string, { account, payer, keyIds, nodeId }: Owners): void {
  const database = openForWriting(join(dataDir, 'ledger.sqlite'));
  const write = createBatchWriter(database, 1);
  const endMs = Date.now() - 3_600_000;
  const items = Array.from({ length: DAYS }, (_, back) => {
    const dayMs = endMs - back * DAY_MS;
    const isWeekend = [0, 6].includes(new Date(dayMs).getUTCDay());
    const count = (isWeekend ? 6 : 22) + ((back * 7) % 9);
    return Array.from({ length: count }, (_none, index) => {
      const at = dayMs - index * 1_300_000;
      const mark = back * 31 + index;
      const isEarning = mark % 4 === 0;
      const output = 90 + ((mark * 137) % 900);
      const chargedMicros = micros(isEarning ? 2_000 + mark * 11 : 900 + output * 14);
      const receipt = keptReceipt({
        requestId: newId('req'),
        accountId: isEarning ? payer : account,
        keyId: keyIds[mark % keyIds.length] ?? '',
        modelId: MODELS[mark % MODELS.length] ?? '',
        surface: ['chat-completions', 'messages', 'responses'][mark % 3] ?? '',
        routeName: 'gpu',
        nodeId,
        startedAtMs: at,
        durationMs: 400 + ((mark * 53) % 4_000),
        usage: {
          inputTokens: 300 + ((mark * 211) % 2_400),
          imageInputTokens: 0,
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
          outputTokens: output,
          reasoningTokens: 0,
        },
        heldMicros: chargedMicros,
        chargedMicros,
        ...(mark % 17 === 5
          ? { end: 'failed', errorCode: 'server_is_overloaded', chargedMicros: micros(0) }
          : {}),
      });
      const earning = {
        accountId: account,
        amountMicros: micros(Math.floor(chargedMicros * 0.7)),
        dueHour: Math.floor(at / 3_600_000) + 24,
      };
      const item = { ...resolveItem(receipt), atMs: at, day: Math.floor(at / DAY_MS) };
      return isEarning && receipt.chargedMicros > 0 ? { ...item, earning } : item;
    });
  });
  write(items.flat().toReversed());
  database.close();
}

/** An address of the routes' table with its parts filled in. */
export function addressOf({ gateway, parts }: FilledSite, path: string): string {
  return siteOf(gateway) + path.replace(/:(\w+)/g, (_whole, name: string) => parts[name] ?? 'nobody');
}
