import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCapabilities, parseNodeStatusReport } from './capabilities.ts';
import type { Capabilities, CapabilityModel } from './capabilities.ts';
import { LINK_LIMITS } from './limits.ts';
import {
  encodeBody,
  encodeWindow,
  parseDrain,
  parseFail,
  parseGoAway,
  parseHello,
  parseNotice,
  parseOffer,
  parseReject,
  parseWelcome,
  parseWindow,
} from './messages.ts';

const MODEL: CapabilityModel = {
  alias: 'small',
  localName: 'small:1b',
  contextTokens: 8_192,
  maxOutputTokens: 2_048,
  slots: 2,
  tools: true,
  vision: false,
  thinking: false,
  jsonSchema: true,
  loaded: true,
  remoteBacked: false,
};

const CAPABILITIES: Capabilities = {
  engine: { kind: 'demo', version: '1' },
  slots: { text: 2 },
  models: [
    MODEL,
    {
      ...MODEL,
      alias: 'big',
      digest: 'sha256:00',
      quant: 'Q4',
      speed: { promptTokensPerSecond: 900.5, outputTokensPerSecond: 40 },
    },
  ],
  policy: { nsfw: false, yieldToLocal: true },
};

const OFFER = { jobId: 'job_1', model: 'small', deadlineMs: 1_000, estimatedInputTokens: 12, bodyBytes: 5 };
const WELCOME = { sessionId: 's', epoch: 1, heartbeatMs: 10_000, serverTimeMs: 1, features: [] };

const PARSERS: Record<string, { parse: (body: Uint8Array) => { ok: boolean }; good: object }> = {
  hello: { parse: parseHello, good: { instanceId: 'i', agentVersion: '1.0', features: ['resume1'] } },
  welcome: { parse: parseWelcome, good: WELCOME },
  'welcome of a newer gateway': { parse: parseWelcome, good: { ...WELCOME, newestAgent: '0.2.0' } },
  notice: { parse: parseNotice, good: { earnings: { pendingMicros: 12, payableMicros: 0 } } },
  offer: { parse: parseOffer, good: OFFER },
  reject: { parse: parseReject, good: { reason: 'local_use' } },
  fail: { parse: parseFail, good: { code: 'engine_failed' } },
  drain: { parse: parseDrain, good: { graceMs: 30_000 } },
  goaway: { parse: parseGoAway, good: { closeCode: 4503, retryAfterMs: 1_000 } },
  status: { parse: parseNodeStatusReport, good: { state: 'paused', textSlots: 0 } },
  capabilities: { parse: parseCapabilities, good: CAPABILITIES },
};

test.each(Object.entries(PARSERS))('%s comes back with its own fields only', (_name, { parse, good }) => {
  expect(parse(encodeBody({ ...good, extra: { deep: [1] } }))).toEqual({ ok: true, value: good });
});

test.each(Object.entries(PARSERS))('%s never throws on any bytes or JSON', (_name, { parse, good }) => {
  const keys = Object.keys(good);
  const damaged = fc
    .dictionary(fc.constantFrom(...keys), fc.jsonValue())
    .map((fields) => ({ ...good, ...fields }));
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.jsonValue().map((value) => new TextEncoder().encode(JSON.stringify(value))),
    damaged.map((value) => encodeBody(value)),
  );
  fc.assert(
    fc.property(body, (bytes) => {
      expect(typeof parse(bytes).ok).toBe('boolean');
    }),
  );
});

test.each<[keyof typeof PARSERS, object, string]>([
  ['hello', { features: 'resume1' }, 'features'],
  ['hello', { features: [1] }, 'features[0]'],
  ['hello', { instanceId: '' }, 'instanceId'],
  ['hello', { agentVersion: 'x'.repeat(65) }, 'agentVersion'],
  ['offer', { bodyBytes: 0 }, 'bodyBytes'],
  ['offer', { bodyBytes: LINK_LIMITS.jobBodyMaxBytes + 1 }, 'bodyBytes'],
  ['offer', { estimatedInputTokens: -1 }, 'estimatedInputTokens'],
  ['offer', { deadlineMs: 1e12 }, 'deadlineMs'],
  ['welcome', { newestAgent: 'x'.repeat(65) }, 'newestAgent'],
  ['notice', { earnings: { pendingMicros: -1, payableMicros: 0 } }, 'earnings.pendingMicros'],
  ['notice', { earnings: { pendingMicros: 1 } }, 'earnings.payableMicros'],
  ['reject', { reason: 'tired' }, 'reason'],
  ['fail', { code: 'constructor' }, 'code'],
  ['status', { state: 'gone' }, 'state'],
  ['status', { textSlots: 1.5 }, 'textSlots'],
  ['capabilities', { models: {} }, 'models'],
  ['capabilities', { models: [MODEL, MODEL] }, 'models[1].alias'],
  ['capabilities', { models: [{ ...MODEL, alias: 'a\u0000' }] }, 'models[0].alias'],
  ['capabilities', { models: [{ ...MODEL, tools: 1 }] }, 'models[0].tools'],
  [
    'capabilities',
    { models: [{ ...MODEL, contextTokens: Number.MAX_SAFE_INTEGER }] },
    'models[0].contextTokens',
  ],
  [
    'capabilities',
    { models: [{ ...MODEL, speed: { promptTokensPerSecond: 0 } }] },
    'models[0].speed.promptTokensPerSecond',
  ],
  ['capabilities', { slots: { text: -1 } }, 'slots.text'],
  ['capabilities', { slots: [] }, 'slots'],
  ['capabilities', { policy: { nsfw: true } }, 'policy.yieldToLocal'],
])('%s with %j is refused at %s', (name, fields, path) => {
  const parser = PARSERS[name];
  expect(parser?.parse(encodeBody({ ...parser.good, ...fields }))).toEqual({ ok: false, path });
});

test('a report takes 200 models and not one more', () => {
  const models = (count: number): object[] =>
    Array.from({ length: count }, (_, at) => ({ ...MODEL, alias: `m${at}` }));
  expect(parseCapabilities(encodeBody({ ...CAPABILITIES, models: models(200) })).ok).toBe(true);
  expect(parseCapabilities(encodeBody({ ...CAPABILITIES, models: models(201) })).ok).toBe(false);
});

test('WINDOW is a u32', () => {
  expect(parseWindow(encodeWindow(0xffff_ffff))).toBe(0xffff_ffff);
  expect(parseWindow(encodeWindow(1))).toBe(1);
  expect(parseWindow(new Uint8Array(3))).toBeUndefined();
  expect(parseWindow(new Uint8Array(5))).toBeUndefined();
});
