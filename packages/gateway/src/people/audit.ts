import { ok } from '../core/result.ts';
import type { PeopleDeps } from './deps.ts';

/** Writes a line of the audit trail. It outlives people, so no name and no address may be in it. */
export async function note(
  { registry }: Pick<PeopleDeps, 'registry'>,
  audit: { actor: string; action: string; subject: string; detail: string },
): Promise<void> {
  await registry.change(() => ok({ changes: [], audit, value: undefined }));
}
