import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import type { Clock } from '../core/clock.ts';
import { sendPage } from './pages.ts';
import type { RouteRow } from './routes.ts';
import { statusPage } from './status-page.ts';

export type StatusSources = {
  /** What everyone may know of the models. */
  models(): readonly ConsoleModel[];
  maintenance(): { on: boolean; message: string };
  startedAtMs: number;
};

export type StatusGateway = {
  brand: string;
  version: string;
  clock: Pick<Clock, 'nowMs'>;
  /** Whether it takes requests, and whether it can record charges. */
  isReady(): boolean;
  isLedgerHealthy(): boolean;
};

/** Everybody may load it, so a crowd gets one and the same text. */
const KEPT_MS = 5_000;

/** The page `/status`: how the models and the gateway are doing. */
export function statusRoute(sources: StatusSources, gateway: StatusGateway): RouteRow {
  const { brand, version, clock } = gateway;
  let kept: { atMs: number; html: string } | undefined;

  function currentPage(): string {
    const nowMs = clock.nowMs();
    if (kept !== undefined && nowMs >= kept.atMs && nowMs - kept.atMs < KEPT_MS) return kept.html;
    const html = statusPage({
      brand,
      version,
      nowMs,
      startedAtMs: sources.startedAtMs,
      isAccepting: gateway.isReady(),
      isLedgerHealthy: gateway.isLedgerHealthy(),
      maintenance: sources.maintenance(),
      models: sources.models(),
    });
    kept = { atMs: nowMs, html };
    return html;
  }

  return {
    method: 'GET',
    path: '/status',
    handler: (request, reply) => sendPage(request, reply, currentPage()),
  };
}
