import { randomBytes } from 'node:crypto';
import { ok } from '../core/result.ts';
import type { Registry } from './registry.ts';

const SECRET_BYTES = 32;

/**
 * A secret of this installation that stays the same over restarts: made at the first call, kept in the main database,
 * which only the gateway's user can read. `name` is a constant of the code. Rejects when the disk fails.
 */
export async function storedSecret(registry: Registry, name: string): Promise<Buffer> {
  const key = `secret:${name}`;
  const known = await registry.meta(key);
  if (known !== undefined) return Buffer.from(known, 'base64url');
  const made = randomBytes(SECRET_BYTES);
  const changes = [{ type: 'set-meta', key, value: made.toString('base64url') }] as const;
  const audit = { actor: 'gateway', action: 'secret.make', subject: name, detail: 'made at the first start' };
  await registry.change(() => ok({ changes, audit, value: undefined }));
  return made;
}
