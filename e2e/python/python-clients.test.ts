import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { obtain, type Obtained } from '../support/obtain.ts';
import { cleanUp } from '../support/processes.ts';
import { startWorld, UPSTREAM_MODELS, type World } from '../sdk/support/world.ts';

/** Each script asks through one package, by the table in table.py, and prints a line of JSON for each case. */
const SCRIPTS = {
  openai_chat: 1,
  openai_responses: 1,
  anthropic_messages: 1,
  langchain_clients: 2,
  openai_agents: 2,
} as const;

const FOLDER = 'e2e/python';
/** Cases for the demo model, for each upstream model, and refusals. */
const CASES = 3 + 7 * UPSTREAM_MODELS.length + 6;

let world: World;
let python: Obtained;
beforeAll(async () => {
  python = await obtain(`python-${versionsDigest()}`, (folder) => {
    const inVenv = join(folder, 'bin', 'python');
    const pins = ['-r', join(process.cwd(), FOLDER, 'requirements.txt')];
    const allPins = ['-c', join(process.cwd(), FOLDER, 'constraints.txt')];
    return [
      { program: 'python3', args: ['-m', 'venv', '.'] },
      {
        program: inVenv,
        args: ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', ...pins, ...allPins],
      },
    ];
  });
  if ('missing' in python) console.warn(python.missing);
  else world = await startWorld();
}, 400_000);
afterAll(cleanUp);

/** Other versions get a folder of their own. */
function versionsDigest(): string {
  const hash = createHash('sha256');
  for (const file of ['requirements.txt', 'constraints.txt']) hash.update(readFileSync(join(FOLDER, file)));
  return hash.digest('hex').slice(0, 12);
}

type Case = { case: string; ok: boolean; why?: string };

function run(folder: string, script: string): Promise<{ cases: Case[]; errors: string }> {
  const { origin, keys } = world;
  const env = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: '1',
    SWITCHYARD_ORIGIN: origin,
    SWITCHYARD_KEY_RICH: keys.rich,
    SWITCHYARD_KEY_POOR: keys.poor,
    SWITCHYARD_KEY_SLOW: keys.slow,
    SWITCHYARD_MODELS: UPSTREAM_MODELS.join(','),
  };
  return new Promise((resolve) => {
    execFile(
      join(folder, 'bin', 'python'),
      [join(FOLDER, `${script}.py`)],
      { env, timeout: 120_000, maxBuffer: 16 * 1024 * 1024 },
      (_error, stdout, stderr) => {
        const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
        resolve({ cases: lines.map((line) => JSON.parse(line) as Case), errors: stderr });
      },
    );
  });
}

describe('Python', () => {
  it.for(Object.entries(SCRIPTS))('%s', async ([script, kinds], context) => {
    if ('missing' in python) {
      context.skip(python.missing);
      return;
    }
    const { cases, errors } = await run(python.folder, script);
    expect(cases.filter(({ ok }) => !ok)).toEqual([]);
    expect(cases.length, errors).toBe(kinds * CASES);
  });
});
