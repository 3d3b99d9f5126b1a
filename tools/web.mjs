/**
 * Builds the web pages (`packages/web/dist`) when their sources changed. `npm start` and `npm test` call it; by hand:
 * `node tools/web.mjs`. Plain JavaScript like `prepare.mjs`, which must have installed the dependencies before.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { acquireLock } from './lock.mjs';
import {
  childEnvironment,
  pinnedNode,
  PrepareError,
  repositoryRoot,
  run,
  startProgress,
  tell,
} from './prepare.mjs';

const packageFolder = join(repositoryRoot, 'packages', 'web');
const distFolder = join(packageFolder, 'dist');
const stampName = '.sources';
/** What the pages are made of. The lock file stands for the dependencies. */
const sources = ['packages/web', 'packages/protocol/src', 'package-lock.json', 'tools/web.mjs'];
const leftOut = new Set(['dist', 'node_modules']);

/**
 * Returns once the pages in `dist` are those of the sources. Two callers at once wait for each other; a running gateway
 * keeps the pages that it has read. Throws `PrepareError` when they cannot be built.
 */
export async function buildWeb() {
  const wanted = hashOfSources();
  if (isBuilt(wanted)) return;
  mkdirSync(join(repositoryRoot, '.tmp'), { recursive: true });
  const lock = await acquireLock(join(repositoryRoot, '.tmp', 'web.lock'), () =>
    tell('Waiting for another start that is building the web pages …'),
  );
  try {
    if (!isBuilt(wanted)) await build(wanted);
  } finally {
    lock.release();
  }
}

/** The same, but a failure is only told: the API serves without its pages, and the gateway says what to run. */
export async function buildWebOrSaySo() {
  try {
    await buildWeb();
  } catch (error) {
    if (!(error instanceof PrepareError)) throw error;
    tell(error.message);
    process.exitCode = 1;
  }
}

function isBuilt(wanted) {
  const stamp = join(distFolder, stampName);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

async function build(wanted) {
  rmSync(distFolder, { recursive: true, force: true });
  const fresh = join(repositoryRoot, '.tmp', 'web-dist');
  rmSync(fresh, { recursive: true, force: true });
  const progress = startProgress('Building the web pages (only when they changed)');
  // An image has no pinned Node of its own: there the image's is the right one.
  const node = existsSync(pinnedNode) ? pinnedNode : process.execPath;
  const vite = join(repositoryRoot, 'node_modules', 'vite', 'bin', 'vite.js');
  const outcome = await run(
    node,
    [vite, 'build', packageFolder, '--logLevel', 'warn', '--outDir', fresh],
    // A test that builds has another word there, and would get React's slow development build.
    { ...childEnvironment(), NODE_ENV: 'production' },
  );
  progress.stop(outcome.code === 0 ? 'done' : 'failed');
  if (outcome.code !== 0) {
    throw new PrepareError(`${outcome.log.trimEnd()}\n\nThe web pages could not be built.`);
  }
  compress(join(fresh, 'assets'));
  writeFileSync(join(fresh, stampName), wanted);
  renameSync(fresh, distFolder);
}

/** Twins of each file for the two encodings that browsers ask for, so that the gateway compresses nothing itself. */
function compress(folder) {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, quality));
  }
}

function hashOfSources() {
  const hash = createHash('sha256');
  for (const source of sources) addToHash(hash, source);
  return `${hash.digest('hex')}\n`;
}

/** Names and contents, in the order of the names. */
function addToHash(hash, path) {
  const full = join(repositoryRoot, path);
  const entries = readEntries(full);
  if (entries === undefined) {
    hash.update(`${path}\0`).update(readFileSync(full)).update('\0');
    return;
  }
  for (const name of entries.filter((entry) => !leftOut.has(entry) && !/\.test\.tsx?$/.test(entry)).sort()) {
    addToHash(hash, `${path}/${name}`);
  }
}

/** Undefined for a file. */
function readEntries(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

if (process.argv[1] === import.meta.filename) await buildWebOrSaySo();
