import { micros } from '../core/money.ts';
import type { Receipt } from '../ledger/ledger.ts';

/** A receipt as the store gives it, for tests. */
export function keptReceipt(change: Partial<Receipt> = {}): Receipt {
  return {
    requestId: 'req_0W4kz1fLAAAAAAAAAAAAAA',
    accountId: 'acc_1',
    keyId: 'key_1',
    modelId: 'demo',
    surface: 'chat-completions',
    routeKind: 'pool',
    routeName: 'main',
    nodeId: 'node_7',
    streamed: true,
    startedAtMs: Date.UTC(2026, 10, 20, 23, 59, 59, 999),
    firstPartMs: 12,
    durationMs: 345,
    usage: {
      inputTokens: 10,
      imageInputTokens: 4,
      cacheReadTokens: 3,
      cacheWriteTokens: 2,
      outputTokens: 20,
      reasoningTokens: 5,
    },
    usageSource: 'reported',
    end: 'stop',
    errorCode: '',
    heldMicros: micros(90_000),
    chargedMicros: micros(80_001),
    priceVersion: 'abcdef012345',
    attempts: 1,
    policy: 'reported',
    cutAtHold: false,
    ...change,
  };
}
