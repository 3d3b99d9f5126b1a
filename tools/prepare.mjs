/**
 * Makes the machine ready for `npm start`, `npm test` and `npm run bench`: installs the locked dependencies when
 * they are missing or old, and checks the pinned Node. Plain JavaScript without dependencies, because it runs on
 * whatever Node (20 or newer) started npm.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireLock } from './lock.mjs';

export const repositoryRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const binFolder = join(repositoryRoot, 'node_modules', '.bin');
const stampFile = join(repositoryRoot, 'node_modules', '.switchyard-stamp');
const scratchFolder = join(repositoryRoot, '.tmp');

/** The Node that everything of this repository runs on. */
export const pinnedNode = join(binFolder, process.platform === 'win32' ? 'node.cmd' : 'node');

/** An error whose message is meant for the person at the terminal, without a stack. */
export class PrepareError extends Error {}

/**
 * Installs what is missing and returns. Does nothing but two small reads when everything is ready. Two callers at
 * once wait for each other. Throws `PrepareError` with what to do when the machine cannot be made ready.
 */
export async function prepare() {
  if (isStampCurrent()) return;
  mkdirSync(scratchFolder, { recursive: true });
  const lock = await acquireLock(join(scratchFolder, 'prepare.lock'), () =>
    tell('Waiting for another start that is installing dependencies …'),
  );
  try {
    if (isStampCurrent()) return;
    if (!isInstalledAsLocked()) await installDependencies();
    checkPinnedNode();
    writeFileSync(stampFile, wantedStamp());
  } finally {
    lock.release();
  }
}

/** The environment for programs of this repository: the pinned Node and the installed tools come first. */
export function childEnvironment() {
  return {
    ...process.env,
    PATH: [binFolder, process.env.PATH ?? ''].join(delimiter),
    // Kept results of type stripping: a faster start, and 30 MB less memory in each process.
    NODE_COMPILE_CACHE:
      process.env.NODE_COMPILE_CACHE ?? join(repositoryRoot, 'node_modules', '.cache', 'compile'),
    npm_config_loglevel: 'error',
    npm_config_update_notifier: 'false',
  };
}

/** Prints the message of a `PrepareError`, or throws anything else on. Sets the exit code. */
export function reportFailure(error) {
  if (!(error instanceof PrepareError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function wantedStamp() {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', 'package.json', '.node-version']) {
    hash.update(readFileSync(join(repositoryRoot, file)));
  }
  return `${hash.digest('hex')} ${process.platform}-${process.arch}\n`;
}

function isStampCurrent() {
  if (!existsSync(pinnedNode) || !existsSync(stampFile)) return false;
  return readFileSync(stampFile, 'utf8') === wantedStamp();
}

/**
 * Whether npm's own record of what it installed equals the lock file. Only packages for certain platforms may be
 * in one and not in the other: a lock file made where the registry lacks some of them does not list those.
 */
function isInstalledAsLocked() {
  const record = readPackages(join(repositoryRoot, 'node_modules', '.package-lock.json'));
  const locked = readPackages(join(repositoryRoot, 'package-lock.json'));
  if (record === undefined || locked === undefined || !existsSync(pinnedNode)) return false;
  const isOptional = (entry) => entry.optional === true || entry.devOptional === true;
  const isAsLocked = ([path, entry]) =>
    path in locked ? locked[path].version === entry.version : isOptional(entry);
  const isPresent = ([path, entry]) => path === '' || path in record || isOptional(entry);
  return Object.entries(record).every(isAsLocked) && Object.entries(locked).every(isPresent);
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Installs what the lock file says, with the Node and npm of the system: the one inside `node_modules` may be
 * replaced meanwhile. This is `npm install` and not `npm ci`, because `npm ci` refuses a lock file that does not
 * list the packages for every other platform; that nothing but the locked versions came is checked afterwards.
 */
async function installDependencies() {
  rmSync(stampFile, { force: true });
  const searchPath = (process.env.PATH ?? '').split(delimiter);
  const environment = {
    ...process.env,
    PATH: searchPath.filter((folder) => !folder.includes('node_modules')).join(delimiter),
    npm_config_loglevel: 'error',
    npm_config_update_notifier: 'false',
  };
  const progress = startProgress('Installing dependencies (first start only)');
  const outcome = await runNpm(environment);
  progress.stop(outcome.code === 0 ? 'done' : 'failed');
  if (outcome.code !== 0) {
    throw new PrepareError(
      `${outcome.log.trimEnd()}\n\nThe dependencies could not be installed: npm ended with ${outcome.code}. ` +
        'Check the network or the registry setting of npm, then start again.',
    );
  }
  if (existsSync(pinnedNode) && !isInstalledAsLocked()) {
    throw new PrepareError(
      'npm installed other versions than package-lock.json names: package.json and the lock file differ.\n' +
        'Run "npm install" once, look at the change of package-lock.json, and start again.',
    );
  }
}

/**
 * Only the package that brings the pinned Node may run a script. npm would also start node-gyp for each package that
 * carries a `binding.gyp`, even one that brings its binary ready made, and fail where there is no compiler.
 */
async function runNpm(environment) {
  const installed = await run(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'],
    environment,
  );
  if (installed.code !== 0) return installed;
  return await run('npm', ['rebuild', 'node', '--ignore-scripts=false', '--foreground-scripts'], environment);
}

/** Runs one program in the repository. Keeps the last 64 KiB of its output. */
export function run(command, args, environment = childEnvironment()) {
  const logMaxChars = 64 * 1024;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: repositoryRoot,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let log = '';
    const keep = (chunk) => {
      log = (log + chunk).slice(-logMaxChars);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) =>
      resolve({ code: error.code ?? 'no code', log: `${command}: ${error.message}` }),
    );
    child.on('close', (code, signal) => resolve({ code: code ?? signal, log }));
  });
}

/** A line that counts the seconds. On a terminal it rewrites itself; in a log it appears at start and end only. */
export function startProgress(label) {
  const startMs = performance.now();
  const seconds = () => Math.round((performance.now() - startMs) / 1000);
  const { stderr } = process;
  if (!stderr.isTTY) tell(`${label} …`);
  const draw = () => stderr.write(`\r${label} … ${seconds()} s`);
  const ticker = stderr.isTTY ? setInterval(draw, 1000) : undefined;
  return {
    stop(word) {
      clearInterval(ticker);
      stderr.write(`${stderr.isTTY ? '\r' : ''}${label} … ${word} in ${seconds()} s\n`);
    },
  };
}

function checkPinnedNode() {
  const wanted = readFileSync(join(repositoryRoot, '.node-version'), 'utf8').trim();
  const answer = existsSync(pinnedNode)
    ? spawnSync(pinnedNode, ['--version'], { encoding: 'utf8' })
    : undefined;
  const found = answer?.stdout?.trim().replace(/^v/, '') ?? '';
  if (found === wanted) return;
  throw new PrepareError(
    `Switchyard runs on Node ${wanted}, which npm installs into this folder, but ` +
      `${found === '' ? 'it is missing there' : `version ${found} is there`}.\n` +
      'npm may have been told to run no install scripts. Run "npm rebuild node --ignore-scripts=false" and start ' +
      'again; if the version stays wrong, delete node_modules.',
  );
}

/** A line to the person at the terminal. */
export function tell(line) {
  process.stderr.write(`${line}\n`);
}
