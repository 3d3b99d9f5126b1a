import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import { expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { receiptFor } from '../ledger/testing-receipt.ts';
import { createMetrics } from './metrics.ts';

function openMetrics() {
  const sources = { running: () => 0, waiting: () => 0, nodesOnline: () => 0, ledgerHealthy: () => true };
  return createMetrics(sources, { isModel: (id) => id === 'known', isRoute: () => true });
}

/** The samples of one metric, by its labels. */
function samples(text: string, name: string): Record<string, number> {
  const found = text.matchAll(new RegExp(`^${name}\\{(.*)\\} (.*)$`, 'gm'));
  return Object.fromEntries([...found].map(([, labels, value]) => [labels, Number(value)]));
}

function receipt(changes: Partial<Receipt>): Receipt {
  const hold = { requestId: 'req_1', accountId: 'acc_1', keyId: 'key_1', amountMicros: micros(100) };
  return { ...receiptFor(hold), modelId: 'known', ...changes };
}

it('counts requests, money and tokens over all scrapes, each once', async () => {
  const metrics = openMetrics();
  const usage = { ...NO_USAGE, inputTokens: 8, cacheReadTokens: 2, outputTokens: 3, reasoningTokens: 1 };
  metrics.ended(receipt({ chargedMicros: micros(5), usage }));
  metrics.ended(receipt({ chargedMicros: micros(7), usage }));
  metrics.ended(receipt({ chargedMicros: micros(0), usage, end: 'failed' }));
  await metrics.registry.metrics();
  metrics.ended(receipt({ chargedMicros: micros(1), usage }));
  await metrics.registry.metrics();
  const text = await metrics.registry.metrics();

  expect(samples(text, 'switchyard_requests_total')).toEqual({
    'surface="chat-completions",model="known",route="pool",end="stop"': 3,
    'surface="chat-completions",model="known",route="pool",end="failed"': 1,
  });
  expect(samples(text, 'switchyard_charged_micro_usd_total')).toEqual({ 'model="known"': 13 });
  expect(samples(text, 'switchyard_tokens_total')).toEqual({
    'model="known",direction="input"': 40,
    'model="known",direction="output"': 16,
  });
});

it('gives all deployments one label, whatever their accounts call them', async () => {
  const metrics = openMetrics();
  metrics.ended(receipt({ modelId: 'mine/one' }));
  metrics.ended(receipt({ modelId: 'mine/two' }));
  const text = await metrics.registry.metrics();
  expect(samples(text, 'switchyard_requests_total')).toEqual({
    'surface="chat-completions",model="(deployment)",route="pool",end="stop"': 2,
  });
});
