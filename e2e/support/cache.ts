import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where tests keep what is too large for `node_modules`, over runs and checkouts: agents, Python packages. It may be
 * deleted at any time.
 */
export function cacheFolder(): string {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'switchyard-tests');
  mkdirSync(folder, { recursive: true });
  return folder;
}
