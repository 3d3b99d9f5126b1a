import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

type Run = { code: number | null; out: string; error: string };

/** Runs the program in a process of its own. `untilOut`: asks it to end when this text has come. */
async function run(words: string[], untilOut?: string): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...words], { env: { SWITCHYARD_NODE_TOKEN: 'nk_test' } });
  let out = '';
  let error = '';
  let hasAsked = false;
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    if (hasAsked || untilOut === undefined || !out.includes(untilOut)) return;
    hasAsked = true;
    child.kill('SIGTERM');
  });
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return { code, out, error };
}

describe('the program', () => {
  it('shows its help', async () => {
    expect(await run(['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('--engine'),
      error: '',
    });
  });

  it('names a mistyped flag', async () => {
    const { code, error } = await run(['--gatewy', 'x']);
    expect(code).toBe(2);
    expect(error).toContain('did you mean --gateway?');
  });

  it('names what is missing', async () => {
    const { code, out } = await run([]);
    expect(code).toBe(2);
    expect(out).toContain('no gateway');
  });

  it('loads the demo model, keeps trying its gateway and ends when asked', async () => {
    const { code, out } = await run(['--gateway', 'http://127.0.0.1:9', '--engine', 'demo'], 'offline');
    expect(out).toContain('engine demo is ready: mote-chat');
    expect(out).toContain('The gateway cannot be reached');
    expect(out).toContain('ended');
    expect(code).toBe(0);
  });
});
