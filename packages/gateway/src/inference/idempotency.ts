import { createHmac } from 'node:crypto';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Receipt } from '../ledger/ledger.ts';

/**
 * Makes requests with an `Idempotency-Key` happen once. Neither the key nor anything of the body is kept on disk: the
 * request's id is derived from account and key under a secret, so the receipt of the first try is found again by the
 * same derivation, also after a restart. What the body was is remembered in memory only, as a keyed digest.
 */
export type Idempotency = {
  /**
   * Errors: `request_in_progress` (its twin runs), `request_already_done` (it was charged or answered; never again),
   * `idempotency_mismatch` (same key, other body).
   */
  claim(ask: { accountId: string; key: string; body: Buffer }): Result<Claim, Fault>;
};

export type Claim = {
  /** The id that this try must run under. */
  requestId: string;
  /** It was refused before it ran: as if never asked. */
  abandon(): void;
  /** It ran and ended so. A try that failed and cost nothing may be repeated. */
  ended(receipt: Receipt): void;
};

export type IdempotencyOptions = {
  /** 32 random bytes that stay the same over restarts. */
  secret: Buffer;
  /** Looks a receipt of an account up by the request's id. */
  receiptOf(accountId: string, requestId: string): Receipt | undefined;
};

type Entry = { bodyDigest: string; state: 'running' | 'done' | 'failed'; requestId: string; attempt: number };

/** Oldest first out. Receipts still protect a key that was forgotten here; only `idempotency_mismatch` is lost. */
const ENTRIES_MAX = 50_000;
/** Tries of one key that may fail before it is used up. */
const ATTEMPTS_MAX = 100;

export function createIdempotency(options: IdempotencyOptions): Idempotency {
  const entries = new Map<string, Entry>();

  function digest(...parts: (string | Buffer)[]): string {
    const hmac = createHmac('sha256', options.secret);
    for (const part of parts)
      hmac
        .update(String(Buffer.byteLength(part)))
        .update(':')
        .update(part);
    return hmac.digest('base64url').replaceAll(/[-_]/g, '0');
  }

  const requestIdOf = (accountId: string, key: string, attempt: number): string =>
    `req_${digest('request', accountId, key, String(attempt)).slice(0, 22)}`;

  /** The first attempt that has no receipt yet, or what an earlier one came to. */
  function nextAttempt(accountId: string, key: string, from: number): Result<number, Fault> {
    for (let attempt = from; attempt < ATTEMPTS_MAX; attempt++) {
      const requestId = requestIdOf(accountId, key, attempt);
      const receipt = options.receiptOf(accountId, requestId);
      if (receipt === undefined) return ok(attempt);
      if (isFinal(receipt)) return failed(done(requestId));
    }
    return failed(
      fault('request_already_done', {
        message: 'This Idempotency-Key has failed too often. Take a new one.',
      }),
    );
  }

  function remember(name: string, entry: Entry): void {
    entries.delete(name);
    entries.set(name, entry);
    if (entries.size <= ENTRIES_MAX) return;
    for (const [oldName, old] of entries) {
      if (old.state === 'running') continue;
      entries.delete(oldName);
      return;
    }
  }

  return {
    claim({ accountId, key, body }) {
      const name = digest('entry', accountId, key);
      const bodyDigest = digest('body', body);
      const known = entries.get(name);
      if (known !== undefined && known.bodyDigest !== bodyDigest)
        return failed(fault('idempotency_mismatch'));
      if (known?.state === 'running') return failed(fault('request_in_progress', { retryAfterMs: 1_000 }));
      if (known?.state === 'done') return failed(done(known.requestId));
      const attempt = nextAttempt(accountId, key, known?.attempt ?? 0);
      if (!attempt.ok) return attempt;
      const requestId = requestIdOf(accountId, key, attempt.value);
      const entry: Entry = { bodyDigest, state: 'running', requestId, attempt: attempt.value };
      remember(name, entry);
      return ok({
        requestId,
        abandon() {
          if (known === undefined) entries.delete(name);
          else entries.set(name, known);
        },
        ended(receipt) {
          entry.state = isFinal(receipt) ? 'done' : 'failed';
          // The receipt may still be on its way to the disk, so the next try must not be given the same id.
          entry.attempt += 1;
        },
      });
    },
  };
}

/** Charged, or answered to the end: a second try would be a second request. */
function isFinal(receipt: Receipt): boolean {
  return receipt.chargedMicros > 0 || !['failed', 'interrupted', 'client-closed'].includes(receipt.end);
}

function done(requestId: string): Fault {
  return fault('request_already_done', {
    message: `The request with this Idempotency-Key is done as ${requestId}. Its answer was not kept; it is not charged again.`,
  });
}
