import { totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import { errorRow } from '../core/errors.ts';
import type { RequestObserver } from './deps.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../observe/metrics.ts';

/** One log line and the metrics for each request, from its receipt. */
export function observeRequests(log: Log, metrics: Metrics): RequestObserver {
  return {
    ended(receipt, costMicros) {
      metrics.ended(receipt, costMicros);
      const level = receipt.errorCode === '' ? 'info' : errorRow(receipt.errorCode).logLevel;
      log[level]('request', {
        requestId: receipt.requestId,
        accountId: receipt.accountId,
        keyId: receipt.keyId,
        modelId: receipt.modelId,
        surface: receipt.surface,
        routeKind: receipt.routeKind,
        routeName: receipt.routeName,
        nodeId: receipt.nodeId,
        streamed: receipt.streamed,
        end: receipt.end,
        code: receipt.end === 'client-closed' ? 'client_closed' : receipt.errorCode,
        usageSource: receipt.usageSource,
        inputTokens: totalInputTokens(receipt.usage),
        outputTokens: totalOutputTokens(receipt.usage),
        heldMicros: receipt.heldMicros,
        chargedMicros: receipt.chargedMicros,
        ...(costMicros === undefined ? {} : { costMicros }),
        attempts: receipt.attempts,
        firstPartMs: receipt.firstPartMs,
        durationMs: receipt.durationMs,
      });
    },
    balanceIsLow(notice) {
      metrics.balanceIsLow();
      log.info('balance_low', notice);
    },
    refused(refusal) {
      metrics.refused(refusal.surface, refusal.code);
      const row = errorRow(refusal.code);
      log[row.logLevel]('request_refused', { ...refusal, status: row.status });
    },
    attemptFailed(attempt) {
      metrics.attemptFailed(attempt.routeName, attempt.cause);
      log.warn('attempt_failed', attempt);
    },
  };
}
