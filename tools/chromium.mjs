/**
 * Chromium for the browser tests. Debian has one of its own, which a test run by root may fetch; anywhere else its path
 * is named by hand. Without one the tests say so and are skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Names the Chromium to use, where it is in none of the usual places. */
export const CHROMIUM_VARIABLE = 'SWITCHYARD_CHROMIUM';
const USUAL_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const STEP_MAX_MS = 300_000;

/** The Chromium of this machine, or undefined. */
export function chromiumPath() {
  return process.env[CHROMIUM_VARIABLE] ?? USUAL_PATHS.find((path) => existsSync(path));
}

/** Fetches Debian's where there is none and it can be had. Never fails: without it the tests are skipped. */
export function fetchChromium() {
  if (chromiumPath() !== undefined || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  process.stdout.write('Fetching Chromium for the browser tests …\n');
  for (const words of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']]) {
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...words], {
      stdio: 'ignore',
      timeout: STEP_MAX_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  const outcome = chromiumPath() === undefined ? 'not to be had: the browser tests are skipped' : 'done';
  process.stdout.write(`Fetching Chromium for the browser tests … ${outcome}\n`);
}
