import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** `npm test` has built them already; a single test run by hand may not have. Does nothing when they are current. */
export function ensureWebIsBuilt(): void {
  // The test runner's own NODE_ENV would make the slow and talkative pages of a developer.
  const env = { ...process.env, NODE_ENV: 'production' };
  execFileSync(process.execPath, ['tools/web.mjs'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
