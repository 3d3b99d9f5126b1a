import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { obtainPythonClients } from './python.ts';

/** Programs as people paste them, run by the programs that people have. */

export type CodeLanguage = 'js' | 'ts' | 'python' | 'sh';

export type CodeFolder = {
  /** Runs a program to its end. `missing`: why this machine cannot. */
  run(
    language: CodeLanguage,
    code: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<{ code: number; output: string } | { missing: string }>;
  /** What the compiler complains of in the TypeScript that ran; '' for nothing. */
  checkTypes(): Promise<string>;
  remove(): void;
};

/** A folder in the checkout, so that programs find its packages. Not kept, and not looked at by git. */
export function openCodeFolder(name: string): CodeFolder {
  const folder = join('.tmp', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  let count = 0;
  return {
    async run(language, code, environment) {
      const how = await PROGRAMS[language]();
      if ('missing' in how) return how;
      const file = `${(count += 1)}.${how.ending}`;
      writeFileSync(join(folder, file), code);
      return start(how.program, [...how.args, file], folder, environment);
    },
    async checkTypes() {
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(STRICT));
      return (await start('tsc', [], folder, {})).output;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const STRICT = {
  compilerOptions: {
    strict: true,
    module: 'nodenext',
    target: 'esnext',
    types: ['node'],
    noEmit: true,
    skipLibCheck: true,
  },
  include: ['*.ts'],
};

type Program = { ending: string; program: string; args: readonly string[] };

const PROGRAMS: Readonly<Record<CodeLanguage, () => Promise<Program | { missing: string }>>> = {
  js: async () => ({ ending: 'mjs', program: process.execPath, args: [] }),
  ts: async () => ({ ending: 'ts', program: process.execPath, args: [] }),
  sh: async () => ({ ending: 'sh', program: 'sh', args: ['-e'] }),
  async python() {
    const python = await obtainPythonClients();
    return 'missing' in python ? python : { ending: 'py', program: python.program, args: [] };
  },
};

/** What it printed; with its complaints when it failed. */
function start(
  program: string,
  args: readonly string[],
  folder: string,
  more: Readonly<Record<string, string>>,
): Promise<{ code: number; output: string }> {
  // Keys of the reader's other services would be sent too.
  const { ANTHROPIC_API_KEY: _anthropic, OPENAI_API_KEY: _openai, ...environment } = process.env;
  const env = { ...environment, ...more, PYTHONDONTWRITEBYTECODE: '1' };
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, output: code === 0 ? stdout : stdout + stderr });
    });
  });
}
