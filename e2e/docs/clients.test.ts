import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoConnector, startGateway, type Gateway } from '../support/gateway.ts';
import { docBlocks } from '../support/doc-blocks.ts';
import { cleanUp } from '../support/processes.ts';
import { obtainPythonClients } from '../support/python.ts';

/** The programs of docs/clients run as they are printed, with another address, against the shipped configuration. */

/** In the checkout, so that the programs find its packages. Not kept, and not looked at by git. */
const FOLDER = join('.tmp', 'docs-clients');

let gateway: Gateway;
let key: string;
beforeAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  gateway = await startGateway({ config: readFileSync('switchyard.yaml', 'utf8') });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  ({ key } = await gateway.customer('10', ['--rpm', '1000']));
});
afterAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  await cleanUp();
});

type Page = {
  page: string;
  language: 'js' | 'python' | 'sh';
  /** What must be printed, in this order. */
  prints: readonly RegExp[];
};

const pages: readonly Page[] = [
  {
    page: 'openai-node.md',
    language: 'js',
    prints: [/cost in USD: 0\.01\n/, /cost in USD: 0\.01\n/, / \| .*4/, /404 model_not_found req_/],
  },
  {
    page: 'openai-python.md',
    language: 'python',
    prints: [/cost in USD: 0\.01\n/, /cost in USD: 0\.01\n/, /'demo'/, /404 model_not_found req_/],
  },
  {
    page: 'anthropic-node.md',
    language: 'js',
    prints: [/cost in USD: 0\.01\n/, /cost in USD: 0\.01\n/, /type: 'text'/, /404 not_found_error req_/],
  },
  {
    page: 'anthropic-python.md',
    language: 'python',
    prints: [/cost in USD: 0\.01\n/, /cost in USD: 0\.01\n/, /TextBlock/, /404 not_found_error req_/],
  },
  { page: 'openai-agents.md', language: 'js', prints: [/\w+/] },
  { page: 'openai-agents.md', language: 'python', prints: [/\w+/] },
  { page: 'langchain.md', language: 'js', prints: [/\w+/] },
  { page: 'langchain.md', language: 'python', prints: [/\w+/] },
  { page: 'ai-sdk.md', language: 'js', prints: [/4/, /\n/, /\n/, /\n/, /\w+/] },
  {
    page: 'curl.md',
    language: 'sh',
    prints: [
      /"choices"/,
      /data: \[DONE\]/,
      /"type":"message"/,
      /"object":"response"/,
      /"object":"list"/,
      /200 OK/,
    ],
  },
];

const PROGRAMS = {
  js: { ending: 'mjs', program: process.execPath, args: [] },
  sh: { ending: 'sh', program: 'sh', args: ['-e'] },
} as const;

describe('docs/clients', () => {
  it.for(pages)('$page: $language', { timeout: 400_000 }, async ({ page, language, prints }, context) => {
    const blocks = docBlocks(`docs/clients/${page}`, language);
    // The set-up of the reader's own machine.
    const text = blocks.filter((block) => !/npm install|pip install/.test(block)).join('\n');
    const run = language === 'python' ? await pythonRun() : PROGRAMS[language];
    if ('missing' in run) {
      context.skip(run.missing);
      return;
    }
    const file = `${page.replace('.md', '')}.${run.ending}`;
    writeFileSync(join(FOLDER, file), adapt(text));
    const { code, output } = await start(run.program, [...run.args, file]);
    expect(code, output).toBe(0);
    let rest = output;
    for (const wanted of prints) {
      expect(rest).toMatch(wanted);
      const { index = 0, 0: found = '' } = wanted.exec(rest) ?? {};
      rest = rest.slice(index + found.length);
    }
  });
});

async function pythonRun() {
  const python = await obtainPythonClients();
  return 'missing' in python ? python : { ending: 'py', program: python.program, args: [] };
}

/** The reader's own address and key. */
function adapt(text: string): string {
  return text
    .replaceAll('http://127.0.0.1:8080', `http://127.0.0.1:${gateway.port}`)
    .replaceAll(/^export SWITCHYARD_API_KEY=.*$/gm, '');
}

function start(program: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  // Keys of the reader's other services would be sent too.
  const { ANTHROPIC_API_KEY: _anthropic, OPENAI_API_KEY: _openai, ...environment } = process.env;
  const env = { ...environment, SWITCHYARD_API_KEY: key, PYTHONDONTWRITEBYTECODE: '1' };
  return new Promise((resolve) => {
    execFile(program, args, { cwd: FOLDER, env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, output: code === 0 ? stdout : stdout + stderr });
    });
  });
}
