import { Registry } from 'prom-client';
import { beforeEach, expect, test } from 'vitest';
import type { Log, LogFields } from '../core/log.ts';
import { createUpstreamObserver, type UpstreamObserver, type UpstreamStatus } from './upstreams.ts';

let lines: [level: string, event: string, fields: LogFields | undefined][];
let registry: Registry;
let statuses: UpstreamStatus[];
let observer: UpstreamObserver;

beforeEach(() => {
  lines = [];
  statuses = [];
  registry = new Registry();
  const write =
    (level: string): Log['info'] =>
    (event, fields) =>
      void lines.push([level, event, fields]);
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  observer = createUpstreamObserver(log, registry, () => statuses)('provider');
});

async function samples(): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('tries and tries again are counted, and not logged', async () => {
  observer.tried('ok');
  observer.tried('http-5xx');
  observer.tried('ok');
  observer.triedAgain('again');
  observer.shareUsedUp();
  expect(await samples()).toEqual([
    'switchyard_upstream_tries_total{upstream="provider",outcome="ok"} 2',
    'switchyard_upstream_tries_total{upstream="provider",outcome="http-5xx"} 1',
    'switchyard_upstream_retries_total{upstream="provider",how="again"} 1',
    'switchyard_upstream_retries_refused_total{upstream="provider"} 1',
  ]);
  expect(lines).toEqual([]);
});

test('keys are named by position and name', async () => {
  const key = { position: 2, name: 'KEY_B' };
  observer.keyRests(key, 499.6);
  observer.keySetAside(key, 'auth');
  observer.keyWorksAgain(key);
  observer.keySetAside({ position: 1, name: '' }, 'credits');
  expect(lines).toEqual([
    ['debug', 'upstream_key_rests', { routeName: 'provider', upstreamKey: '2:KEY_B', durationMs: 500 }],
    ['error', 'upstream_key_set_aside', { routeName: 'provider', upstreamKey: '2:KEY_B', cause: 'auth' }],
    ['info', 'upstream_key_works_again', { routeName: 'provider', upstreamKey: '2:KEY_B' }],
    ['error', 'upstream_key_set_aside', { routeName: 'provider', upstreamKey: '1', cause: 'credits' }],
  ]);
  expect(await samples()).toEqual([
    'switchyard_upstream_key_rests_total{upstream="provider",key="2"} 1',
    'switchyard_upstream_keys_set_aside_total{upstream="provider",key="2",cause="auth"} 1',
    'switchyard_upstream_keys_set_aside_total{upstream="provider",key="1",cause="credits"} 1',
  ]);
});

test('breakers are shown as they are at the scrape', async () => {
  observer.opened('big');
  observer.closed('big');
  expect(lines).toEqual([
    ['warn', 'upstream_opened', { routeName: 'provider', remoteModel: 'big' }],
    ['info', 'upstream_closed', { routeName: 'provider', remoteModel: 'big' }],
  ]);
  const status = (phase: 'closed' | 'half-open' | 'open'): UpstreamStatus => ({
    name: 'provider',
    keys: { ready: 1, resting: 2, 'set-aside': 3 },
    breakers: [{ model: 'big', phase }],
  });
  for (const [phase, number] of [
    ['open', 2],
    ['half-open', 1],
    ['closed', 0],
  ] as const) {
    statuses = [status(phase)];
    expect(await samples()).toContain(
      `switchyard_upstream_breaker_state{upstream="provider",model="big"} ${number}`,
    );
  }
  expect((await samples()).filter((line) => line.startsWith('switchyard_upstream_keys{'))).toEqual([
    'switchyard_upstream_keys{upstream="provider",state="ready"} 1',
    'switchyard_upstream_keys{upstream="provider",state="resting"} 2',
    'switchyard_upstream_keys{upstream="provider",state="set-aside"} 3',
  ]);
});
