import { Counter, Gauge, type Registry } from 'prom-client';
import type { Log } from '../core/log.ts';

/** Which key of an upstream, never the key itself. */
type KeyLabel = { position: number; name: string };
type KeyState = 'ready' | 'resting' | 'set-aside';
type BreakerPhase = 'closed' | 'half-open' | 'open';

/** What an upstream tells of its tries, keys and breakers. A model is the provider's own name of it, or empty. */
export type UpstreamObserver = {
  tried(outcome: string): void;
  triedAgain(how: 'next-key' | 'again'): void;
  shareUsedUp(): void;
  keySetAside(key: KeyLabel, cause: string): void;
  keyWorksAgain(key: KeyLabel): void;
  keyRests(key: KeyLabel, pauseMs: number): void;
  opened(model: string): void;
  closed(model: string): void;
};

/** Read at each scrape. */
export type UpstreamStatus = {
  name: string;
  keys: Record<KeyState, number>;
  breakers: readonly { model: string; phase: BreakerPhase }[];
};

const PHASE_NUMBER: Record<BreakerPhase, number> = { closed: 0, 'half-open': 1, open: 2 };

/**
 * Metrics and log lines of all upstreams. Labels are names and numbers of the operator's configuration and words of
 * closed sets; nothing of a request becomes one.
 */
export function createUpstreamObserver(
  log: Log,
  registry: Registry,
  statuses: () => Iterable<UpstreamStatus>,
): (upstream: string) => UpstreamObserver {
  const registers = [registry];
  const tries = new Counter({
    name: 'switchyard_upstream_tries_total',
    help: 'Requests sent to upstreams, by how they ended: ok, cancelled, or the cause of the failure',
    labelNames: ['upstream', 'outcome'] as const,
    registers,
  });
  const retries = new Counter({
    name: 'switchyard_upstream_retries_total',
    help: 'Tries again at the same upstream: with its next key, or after a pause',
    labelNames: ['upstream', 'how'] as const,
    registers,
  });
  const refusedRetries = new Counter({
    name: 'switchyard_upstream_retries_refused_total',
    help: 'Tries again that were left out because the upstream had its share of them',
    labelNames: ['upstream'] as const,
    registers,
  });
  const openings = new Counter({
    name: 'switchyard_upstream_breaker_openings_total',
    help: 'Times that an upstream, or one model of it, was left out; the model is empty for the whole upstream',
    labelNames: ['upstream', 'model'] as const,
    registers,
  });
  const keyRests = new Counter({
    name: 'switchyard_upstream_key_rests_total',
    help: 'Times that a key had to pause because it was too fast, by its position in the configuration',
    labelNames: ['upstream', 'key'] as const,
    registers,
  });
  const keysSetAside = new Counter({
    name: 'switchyard_upstream_keys_set_aside_total',
    help: 'Times that a key was set aside, by its position in the configuration and why',
    labelNames: ['upstream', 'key', 'cause'] as const,
    registers,
  });
  gaugeOfKeys(registry, statuses);
  gaugeOfBreakers(registry, statuses);

  return (upstream) => {
    const fieldsOf = (key: KeyLabel) => ({ routeName: upstream, upstreamKey: keyText(key) });
    return {
      tried: (outcome) => tries.inc({ upstream, outcome }),
      triedAgain: (how) => retries.inc({ upstream, how }),
      shareUsedUp: () => refusedRetries.inc({ upstream }),
      keySetAside(key, cause) {
        keysSetAside.inc({ upstream, key: key.position, cause });
        log.error('upstream_key_set_aside', { ...fieldsOf(key), cause });
      },
      keyWorksAgain: (key) => log.info('upstream_key_works_again', fieldsOf(key)),
      keyRests(key, pauseMs) {
        keyRests.inc({ upstream, key: key.position });
        log.debug('upstream_key_rests', { ...fieldsOf(key), durationMs: Math.round(pauseMs) });
      },
      opened(model) {
        openings.inc({ upstream, model });
        log.warn('upstream_opened', { routeName: upstream, remoteModel: model });
      },
      closed: (model) => log.info('upstream_closed', { routeName: upstream, remoteModel: model }),
    };
  };
}

/** `2:OPENAI_KEY_B`; without a key `1`. */
function keyText({ position, name }: KeyLabel): string {
  return name === '' ? String(position) : `${position}:${name}`;
}

function gaugeOfKeys(registry: Registry, statuses: () => Iterable<UpstreamStatus>): void {
  new Gauge({
    name: 'switchyard_upstream_keys',
    help: 'Keys of upstreams by state: ready, resting (too fast), set-aside (refused, or without money)',
    labelNames: ['upstream', 'state'] as const,
    registers: [registry],
    collect() {
      for (const { name, keys } of statuses()) {
        for (const [state, count] of Object.entries(keys)) this.set({ upstream: name, state }, count);
      }
    },
  });
}

function gaugeOfBreakers(registry: Registry, statuses: () => Iterable<UpstreamStatus>): void {
  new Gauge({
    name: 'switchyard_upstream_breaker_state',
    help: '0 while an upstream (model empty) or one model of it takes requests, 2 while it is left out, 1 on trial',
    labelNames: ['upstream', 'model'] as const,
    registers: [registry],
    collect() {
      for (const { name, breakers } of statuses()) {
        for (const { model, phase } of breakers) this.set({ upstream: name, model }, PHASE_NUMBER[phase]);
      }
    },
  });
}
