/**
 * `npm test`: prepares the machine, then runs every check and every test and adds them up.
 * Options: `--only check|unit|e2e` runs that part alone; other arguments go to vitest, such as a path.
 * A failed check does not keep the tests from running. The last line is `N passed, N failed`, and how many were skipped
 * because something that they need is not on this machine.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fetchChromium } from './chromium.mjs';
import { childEnvironment, prepare, reportFailure, repositoryRoot } from './prepare.mjs';
import { buildWebOrSaySo } from './web.mjs';

const parts = ['check', 'unit', 'e2e'];

const checks = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'boundaries and tidiness', command: ['node', 'tools/tidy.ts'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'types of the web app', command: ['tsc', '-p', 'packages/web'] },
  { name: 'sizes of the web pages', command: ['node', 'tools/web-budget.mjs'] },
  { name: 'unused code', command: ['knip'] },
];

try {
  const { wantedParts, vitestArguments } = readArguments(process.argv.slice(2));
  await prepare();
  await buildWebOrSaySo();
  if (wantedParts.includes('e2e')) fetchChromium();
  const total = { passed: 0, failed: 0, skipped: 0 };
  if (wantedParts.includes('check')) {
    for (const check of checks) count(total, await runCheck(check));
  }
  for (const project of ['unit', 'e2e'].filter((name) => wantedParts.includes(name))) {
    count(total, await runTests(project, vitestArguments));
  }
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
} catch (error) {
  reportFailure(error);
}

function readArguments(args) {
  const at = args.indexOf('--only');
  if (at === -1) return { wantedParts: parts, vitestArguments: args };
  const wanted = args[at + 1];
  if (!parts.includes(wanted)) {
    process.stderr.write(`--only takes one of ${parts.join(', ')}\n`);
    process.exit(2);
  }
  return { wantedParts: [wanted], vitestArguments: args.toSpliced(at, 2) };
}

function count(total, { passed, failed, skipped = 0 }) {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}

/** Runs one check; its output is shown when it fails. Counts as one test. */
async function runCheck({ name, command: [program, ...args] }) {
  const startMs = performance.now();
  const { isSuccess, output } = await run(program, args, 'collect');
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  process.stdout.write(`${isSuccess ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
  if (!isSuccess) process.stdout.write(`${output.trimEnd()}\n\n`);
  return { passed: isSuccess ? 1 : 0, failed: isSuccess ? 0 : 1 };
}

/** Runs one vitest project with its own output, and reads the counts from its report. */
async function runTests(project, extraArguments) {
  process.stdout.write(`\n== ${project} tests\n`);
  const reportFile = join(repositoryRoot, '.tmp', `vitest-${project}.json`);
  mkdirSync(join(repositoryRoot, '.tmp'), { recursive: true });
  rmSync(reportFile, { force: true });
  const { isSuccess } = await run(
    'vitest',
    [
      'run',
      `--project=${project}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      // These wait half of their time, for other processes: a third one at a time takes a quarter off the whole.
      ...(project === 'e2e' ? ['--maxWorkers=3'] : []),
      // A path given by hand lies in one of the two projects.
      ...(extraArguments.length > 0 ? ['--passWithNoTests', ...extraArguments] : []),
    ],
    'inherit',
  );
  const report = readReport(reportFile);
  const { numPassedTests: passed = 0, numFailedTests: failed = 0, numPendingTests: skipped = 0 } = report;
  // A run can fail without a failed test: a file that does not load, or an error after the last test.
  return { passed, failed: failed === 0 && !isSuccess ? 1 : failed, skipped };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

function run(program, args, output) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: repositoryRoot,
      env: childEnvironment(),
      stdio: output === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => resolve({ isSuccess: false, output: `${program}: ${error.message}` }));
    child.on('close', (code) => resolve({ isSuccess: code === 0, output: Buffer.concat(chunks).toString() }));
  });
}
