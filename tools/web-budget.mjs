/**
 * Checks what the built web pages weigh (gzip), as `npm test` does: the code that every page loads, each page's own, and
 * the styles. Prints one line each; exits 1 when one is above its budget, when the pages are not built, or when the
 * people's app could load a page of the operator's.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './prepare.mjs';

const dist = join(repositoryRoot, 'packages', 'web', 'dist');
const KB = 1_000;
const budgets = { shared: 130 * KB, route: 30 * KB, styles: 20 * KB };

const manifestFile = join(dist, 'manifest.json');
if (!existsSync(manifestFile)) {
  process.stderr.write('The web pages are not built: run "node tools/web.mjs".\n');
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
const rows = Object.keys(manifest)
  .filter((key) => manifest[key].isEntry)
  .flatMap(rowsOfPage);
let isWithin = true;
for (const { name, bytes, budget } of rows) {
  const word = bytes > budget ? 'TOO LARGE' : 'ok';
  if (bytes > budget) isWithin = false;
  process.stdout.write(`${word.padEnd(10)}${kilobytes(bytes)} of ${kilobytes(budget)}  ${name}\n`);
}
const strays = [...reachable('index.html')].filter((key) => key.startsWith('src/operator/'));
for (const key of strays) process.stdout.write(`FOREIGN   index.html can load ${key}\n`);
process.exitCode = isWithin && strays.length === 0 ? 0 : 1;

/** Of one HTML page: its shared code, its styles, and each part that is loaded when it is needed. */
function rowsOfPage(entry) {
  const shared = withImports(entry);
  const lazy = new Set([...shared].flatMap((key) => manifest[key].dynamicImports ?? []));
  const routes = [...lazy].map((key) => {
    const own = [...withImports(key)].filter((part) => !shared.has(part));
    return { name: key, bytes: weigh(own), budget: budgets.route };
  });
  const styles = [...shared].flatMap((key) => manifest[key].css ?? []);
  return [
    { name: `${entry}: shared code`, bytes: weigh(shared), budget: budgets.shared },
    {
      name: `${entry}: styles`,
      bytes: styles.reduce((sum, file) => sum + gzipBytes(file), 0),
      budget: budgets.styles,
    },
    ...routes.toSorted((a, b) => b.bytes - a.bytes),
  ];
}

/** A part and all that it loads at once. */
function withImports(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const imported of manifest[key].imports ?? []) withImports(imported, seen);
  return seen;
}

/** All that a page can ever load. */
function reachable(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  const { imports = [], dynamicImports = [] } = manifest[key];
  for (const next of [...imports, ...dynamicImports]) reachable(next, seen);
  return seen;
}

function weigh(keys) {
  return [...keys].reduce((sum, key) => sum + gzipBytes(manifest[key].file), 0);
}

function gzipBytes(file) {
  return readFileSync(join(dist, `${file}.gz`)).length;
}

function kilobytes(bytes) {
  return `${(bytes / KB).toFixed(1).padStart(6)} KB`;
}
