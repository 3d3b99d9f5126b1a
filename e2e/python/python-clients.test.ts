import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanUp } from '../support/processes.ts';
import { obtainPythonClients } from '../support/python.ts';
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
const CASES = 3 + 8 * UPSTREAM_MODELS.length + 6;

let world: World;
let python: Awaited<ReturnType<typeof obtainPythonClients>>;
beforeAll(async () => {
  python = await obtainPythonClients();
  if (!('missing' in python)) world = await startWorld();
}, 400_000);
afterAll(cleanUp);

type Case = { case: string; ok: boolean; why?: string };

function run(program: string, script: string): Promise<{ cases: Case[]; errors: string }> {
  const { origin, keys, provider } = world;
  const env = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: '1',
    SWITCHYARD_ORIGIN: origin,
    SWITCHYARD_PROVIDER: `http://127.0.0.1:${provider.port}`,
    SWITCHYARD_KEY_RICH: keys.rich,
    SWITCHYARD_KEY_POOR: keys.poor,
    SWITCHYARD_KEY_SLOW: keys.slow,
    SWITCHYARD_MODELS: UPSTREAM_MODELS.join(','),
  };
  return new Promise((resolve) => {
    execFile(
      program,
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
    const { cases, errors } = await run(python.program, script);
    expect(cases.filter(({ ok }) => !ok)).toEqual([]);
    expect(cases.length, errors).toBe(kinds * CASES);
  });
});
