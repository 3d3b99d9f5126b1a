import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { describe, expect, it } from 'vitest';
import { statusPage, type StatusView } from './status-page.ts';

const NOW = Date.UTC(2026, 10, 21, 18, 7);
const MONEY = { micros: 10_000, credits: 1, usd: 0.01 };

const model = (change: Partial<ConsoleModel> = {}): ConsoleModel => ({
  id: 'small',
  displayName: 'Small',
  description: '',
  kind: 'text',
  aliases: [],
  variantOf: null,
  contextTokens: 1,
  maxOutputTokens: 1,
  capabilities: { tools: false, vision: false, thinking: false, jsonSchema: false },
  price: { type: 'flat', version: 'v', perRequest: MONEY },
  nextPrice: null,
  available: true,
  expectedWaitSeconds: null,
  nodesOnline: 1,
  freeSlots: 1,
  availableSince: null,
  firstContentMs: null,
  history: null,
  ...change,
});

const page = (change: Partial<StatusView> = {}): string =>
  statusPage({
    brand: 'Acme',
    version: '1.2.3',
    nowMs: NOW,
    startedAtMs: NOW - 3_600_000,
    isAccepting: true,
    isLedgerHealthy: true,
    maintenance: { on: false, message: '' },
    models: [model()],
    ...change,
  });

/** Shares of quarters of an hour, the newest last, which is the one of now. */
function history(...shares: number[]) {
  const newest = Date.UTC(2026, 10, 21, 18);
  return {
    available: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    quarters: shares.map((available, index) => ({
      from: new Date(newest - (shares.length - 1 - index) * 900_000).toISOString(),
      available,
      busy: 0,
      waitingMax: 0,
    })),
  };
}

describe('the gateway', () => {
  it('has its version, its start, and whether it takes requests', () => {
    const html = page();
    expect(html).toContain('<dd>1.2.3</dd>');
    expect(html).toContain('<time datetime="2026-11-21T17:07:00.000Z">2026-11-21 17:07</time>');
    expect(html).toContain('<span class="on">taken</span>');
    expect(html).not.toContain('<script');
  });

  it.each([
    [{ isAccepting: false }, 'not taken: the gateway is about to stop'],
    [{ isLedgerHealthy: false }, 'cannot be written: paid requests are refused'],
    [
      { maintenance: { on: true, message: 'New <disk>' } },
      '<span class="off">paused</span>: New &#60;disk&#62;',
    ],
    [{ models: [] }, 'No model is configured yet.'],
    [{ models: [model(), model({ id: 'b', available: false })] }, '1 of 2 models is available.'],
  ])('says %j', (change, words) => {
    expect(page(change)).toContain(words);
  });
});

describe('a model', () => {
  it.each<[Partial<ConsoleModel>, string]>([
    [{}, '<span class="on">available</span>'],
    [{ expectedWaitSeconds: 2.2 }, '<span class="on">busy</span>, waits about 3 s'],
    [{ available: false }, '<span class="off">offline</span>'],
    [{ availableSince: '2026-11-21T16:30:00.000Z' }, 'since <time datetime="2026-11-21T16:30:00.000Z">'],
    [{ firstContentMs: 412 }, '412 ms'],
    [{ firstContentMs: 2_460 }, '2.5 s'],
    [
      { id: '<b>&"', displayName: '<i>' },
      '<code>&#60;b&#62;&#38;&#34;</code><br><span class="soft">&#60;i&#62;</span>',
    ],
  ])('%j: %s', (change, words) => {
    expect(page({ models: [model(change)] })).toContain(words);
  });

  it('has no data right after the start, which is not 0 %', () => {
    for (const nothing of [null, { available: null, quarters: [] }]) {
      const html = page({ models: [model({ history: nothing })] });
      expect(html).toContain('no data yet');
      expect(html).not.toContain('0.0 %');
      expect(html).not.toContain('class="strip"');
    }
  });

  it.each([
    [history(1), '100 % available', 'no data until 18:00', ['unknown 0 95', 'up 95 1']],
    [
      history(1, 0.4, 0, 0, 1),
      '48.0 % available',
      'no data until 17:00; partly 17:15 to 17:30; offline 17:30 to 18:00',
      ['unknown 0 91', 'up 91 1', 'partly 92 1', 'down 93 2', 'up 95 1'],
    ],
    [history(...Array<number>(96).fill(1)), '100 % available', 'all of the time', ['up 0 96']],
    [
      history(0),
      '0.0 % available',
      'no data until 18:00; offline 18:00 to now',
      ['unknown 0 95', 'down 95 1'],
    ],
  ])('has a strip and the same in words', (known, share, words, bars) => {
    const html = page({ models: [model({ history: known })] });
    expect(html).toContain(share);
    expect(html).toContain(words);
    const drawn = [...html.matchAll(/<rect class="(\w+)" x="(\d+)" y="0" width="(\d+)"/g)];
    expect(drawn.map(([, level, x, width]) => `${level} ${x} ${width}`)).toEqual(bars);
  });

  it('names the newest times only', () => {
    const known = history(...Array.from({ length: 40 }, (_, index) => index % 2));
    const html = page({ models: [model({ history: known })] });
    expect(html).toContain('17 more before; offline 16:15 to 16:30;');
  });
});
