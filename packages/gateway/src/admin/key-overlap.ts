import { z } from 'zod';
import { hashSecret, lastFour } from '../accounts/key-secret.ts';
import type { ApiKey } from '../accounts/account.ts';
import type { Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { AdminContext } from './context.ts';
import { referenceField } from './fields.ts';
import { KEY_REVOKED, newSecret, rotateKey, withSecret, type NewKeyView } from './keys.ts';
import { findKey } from './lookup.ts';

const HOUR_MS = 3_600_000;
const OVERLAP_MAX_HOURS = 720;
const NAME_MAX = 100;

export const replaceKeyInput = z.strictObject({
  key: referenceField(),
  /** Id. Only a key of this account. */
  account: referenceField().optional(),
  overlapHours: z
    .int('must be a whole number of hours')
    .min(0, 'must not be negative')
    .max(OVERLAP_MAX_HOURS, `must be at most ${OVERLAP_MAX_HOURS}`),
});

/**
 * A new key of the same rights, while the old one goes on for `overlapHours` so that programs can be changed one after
 * the other. Both count their own spend in that time. Without overlap the key keeps its id and its count, and the old
 * secret is refused at once. Errors: `not_found`, `invalid_request` (revoked).
 */
export async function replaceKey(
  context: AdminContext,
  input: z.output<typeof replaceKeyInput>,
): Promise<Result<NewKeyView, Fault>> {
  const { overlapHours, ...reference } = input;
  if (overlapHours === 0) return rotateKey(context, reference);
  const made = await context.registry.change((directory) => {
    const entry = findKey(directory, input.key, input.account);
    if (!entry.ok) return entry;
    const old = entry.value.identity.key;
    if (old.revokedAtMs !== undefined) return failed(KEY_REVOKED);
    const nowMs = context.clock.nowMs();
    const secret = newSecret(context, old.scopes);
    const fresh: ApiKey = Object.freeze({
      ...old,
      id: newId('key'),
      last4: lastFour(secret),
      createdAtMs: nowMs,
    });
    const endsAtMs = nowMs + overlapHours * HOUR_MS;
    const ending: ApiKey = Object.freeze({
      ...old,
      name: endingName(old.name),
      expiresAtMs: Math.min(old.expiresAtMs ?? Infinity, endsAtMs),
    });
    const detail = `replaced by ${fresh.id}, ends in ${overlapHours} h`;
    const audit = { actor: context.actor, action: 'key.rotate', subject: old.id, detail };
    return ok({
      changes: [
        { type: 'put-key', key: ending, digest: entry.value.digest },
        { type: 'put-key', key: fresh, digest: hashSecret(secret) },
      ],
      audit,
      value: { id: fresh.id, secret },
    });
  });
  return made.ok ? withSecret(context, made.value.id, made.value.secret) : made;
}

/** A character of two halves is kept whole or not at all: half of one is no text that a database keeps. */
function endingName(name: string): string {
  return `${name.slice(0, NAME_MAX - 6).replace(/\p{Cs}$/u, '')} (old)`;
}
