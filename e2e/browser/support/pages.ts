import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** `npm test` has built them already; a single test run by hand may not have. Does nothing when they are current. */
export function ensureWebIsBuilt(): void {
  execFileSync(process.execPath, ['tools/web.mjs'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}
