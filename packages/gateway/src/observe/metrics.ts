import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Micros } from '../core/money.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { createRequestTallies } from './request-tallies.ts';

/**
 * Prometheus metrics. Labels come from closed sets: the operator's catalogue, our error codes, our words for ends
 * and causes. Nothing that a client or a node sends becomes a label.
 */
export type Metrics = {
  registry: Registry;
  /** `costMicros`: what its provider charges, where that is known. */
  ended(receipt: Receipt, costMicros?: Micros): void;
  refused(surface: string, code: string): void;
  balanceIsLow(): void;
  /** The outcome of a check of the ledger's books. */
  reconciled(outcome: { state: 'sound' | 'broken' | 'failed'; durationMs: number }): void;
  attemptFailed(routeName: string, cause: string): void;
};

/** Read at each scrape. */
export type MetricSources = {
  running(): number;
  waiting(): number;
  nodesOnline(): number;
  ledgerHealthy(): boolean;
};

/** What may become a label: models, pools and upstreams of the configuration. */
export type KnownNames = { isModel(id: string): boolean; isRoute(name: string): boolean };

/** Stands for the names that accounts give their deployments. */
const DEPLOYMENT_LABEL = '(deployment)';

export function createMetrics(sources: MetricSources, known: KnownNames): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  let isReconcileKnown = false;

  const tallies = createRequestTallies();
  const requests = new Counter({
    name: 'switchyard_requests_total',
    help: 'Requests that held money, by surface, model, route and how they ended',
    labelNames: ['surface', 'model', 'route', 'end'] as const,
    registers,
    collect: countTallies,
  });
  const refused = new Counter({
    name: 'switchyard_refused_requests_total',
    help: 'Requests refused before they held money, by surface and error code',
    labelNames: ['surface', 'code'] as const,
    registers,
  });
  const reconcileChecks = new Counter({
    name: 'switchyard_reconcile_checks_total',
    help: 'Checks of the ledger, by state: sound, broken, or failed (it could not be checked)',
    labelNames: ['state'] as const,
    registers,
  });
  const reconcileSound = new Gauge({
    name: 'switchyard_reconcile_sound',
    help: '1 when the last check of the ledger found it sound, 0 when it did not; absent before the first check',
    registers: [],
  });
  const lowBalances = new Counter({
    name: 'switchyard_low_balances_total',
    help: 'Times that a charge took an account below the low-balance mark',
    registers,
  });
  const attempts = new Counter({
    name: 'switchyard_failed_attempts_total',
    help: 'Tries at a node or upstream that failed, by route and cause',
    labelNames: ['route', 'cause'] as const,
    registers,
  });
  const charged = new Counter({
    name: 'switchyard_charged_micro_usd_total',
    help: 'Charged money in micro-USD, by model',
    labelNames: ['model'] as const,
    registers,
    collect: countTallies,
  });
  const upstreamCost = new Counter({
    name: 'switchyard_upstream_cost_micro_usd_total',
    help: 'What providers charge for requests in micro-USD by their price lists, by upstream and model',
    labelNames: ['upstream', 'model'] as const,
    registers,
  });
  const upstreamCharged = new Counter({
    name: 'switchyard_upstream_charged_micro_usd_total',
    help: 'What clients were charged for the same requests in micro-USD, by upstream and model',
    labelNames: ['upstream', 'model'] as const,
    registers,
  });
  const tokens = new Counter({
    name: 'switchyard_tokens_total',
    help: 'Tokens by model and direction',
    labelNames: ['model', 'direction'] as const,
    registers,
    collect: countTallies,
  });
  const durations = new Histogram({
    name: 'switchyard_request_duration_seconds',
    help: 'From arrival to the last byte, in seconds',
    labelNames: ['surface'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
    registers,
  });
  const firstParts = new Histogram({
    name: 'switchyard_first_part_seconds',
    help: 'From arrival to the first content part, in seconds',
    labelNames: ['surface'] as const,
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
    registers,
  });
  gauge(registry, 'switchyard_running_requests', 'Requests that run now', sources.running);
  gauge(registry, 'switchyard_waiting_requests', 'Requests that wait for a free slot', sources.waiting);
  gauge(registry, 'switchyard_nodes_online', 'Nodes that are connected', sources.nodesOnline);
  gauge(registry, 'switchyard_ledger_healthy', '1 while charges can be recorded', () =>
    sources.ledgerHealthy() ? 1 : 0,
  );

  /** Whichever of its counters a scrape asks first. */
  function countTallies(): void {
    for (const { surface, model, route, end, ...tally } of tallies.take()) {
      requests.inc({ surface, model, route, end }, tally.requests);
      if (tally.chargedMicros > 0) charged.inc({ model }, tally.chargedMicros);
      tokens.inc({ model, direction: 'input' }, tally.inputTokens);
      tokens.inc({ model, direction: 'output' }, tally.outputTokens);
    }
  }

  return {
    registry,
    ended(receipt, costMicros) {
      const model = known.isModel(receipt.modelId) ? receipt.modelId : DEPLOYMENT_LABEL;
      if (costMicros !== undefined) {
        upstreamCost.inc({ upstream: receipt.routeName, model }, costMicros);
        upstreamCharged.inc({ upstream: receipt.routeName, model }, receipt.chargedMicros);
      }
      tallies.add(receipt, model);
      durations.observe({ surface: receipt.surface }, receipt.durationMs / 1_000);
      if (receipt.firstPartMs >= 0)
        firstParts.observe({ surface: receipt.surface }, receipt.firstPartMs / 1_000);
    },
    balanceIsLow: () => lowBalances.inc(),
    reconciled({ state }) {
      if (!isReconcileKnown) registry.registerMetric(reconcileSound);
      isReconcileKnown = true;
      reconcileChecks.inc({ state });
      reconcileSound.set(state === 'sound' ? 1 : 0);
    },
    refused: (surface, code) => refused.inc({ surface, code }),
    attemptFailed: (name, cause) =>
      attempts.inc({ route: known.isRoute(name) ? name : DEPLOYMENT_LABEL, cause }),
  };
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
