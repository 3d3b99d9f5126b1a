import { createHash } from 'node:crypto';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, afterEach, expect, it } from 'vitest';
import { systemClock as clock } from '../packages/gateway/src/core/clock.ts';
import {
  createClassifier,
  type ClassifierSettings,
} from '../packages/gateway/src/safety/create-classifier.ts';
import { installCommand } from '../packages/gateway/src/safety/local/packages.ts';
import { PNG_SIGNATURE, pngChunk } from '../packages/gateway/src/testing/test-png.ts';
import { startGateway, startImageConnector } from './support/gateway.ts';
import { obtain } from './support/obtain.ts';
import { cleanUp, run, temporaryFolder } from './support/processes.ts';
import { tinyOnnx } from './support/tiny-onnx.ts';

/** The classifiers of the gateway itself, with their real packages, installed as the gateway says it. */
let running: { close(): Promise<void> } | undefined;
afterEach(() => running?.close());
afterAll(cleanUp);

function install(kind: 'nsfwjs' | 'onnx'): ReturnType<typeof obtain> {
  const digest = createHash('sha256').update(installCommand(kind, '.')).digest('hex').slice(0, 12);
  return obtain(`classifier-${kind}-${digest}`, () => {
    const [program = '', ...args] = installCommand(kind, '.').split(' ');
    return [{ program, args }];
  });
}

const SIDE = 1_024;

/** In colours; `noise` makes it 3 MB. */
function picture(colour: (at: number) => number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  header.set([8, 2], 8);
  const rows = Buffer.alloc(SIDE * (SIDE * 3 + 1));
  for (let at = 0; at < rows.byteLength; at += 1) rows[at] = at % (SIDE * 3 + 1) === 0 ? 0 : colour(at);
  const data = pngChunk('IDAT', deflateSync(rows, { level: 1 }));
  return Buffer.concat([PNG_SIGNATURE, pngChunk('IHDR', header), data, pngChunk('IEND')]);
}

const noise = picture((at) => (Math.imul(at, at ^ 2_654_435_761) >>> 11) % 256);
/** A row begins with its filter, so its colours begin one later. */
const red = picture((at) => ((at % (SIDE * 3 + 1)) % 3 === 1 ? 255 : 0));

function megabytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sizes = files.map((file) => statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0);
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e6);
}

/** Looks at each picture, then tells what it cost. */
async function looking(settings: ClassifierSettings, pictures: readonly Buffer[]): Promise<number[]> {
  const failures: Error[] = [];
  const started = createClassifier(settings, { clock, onFailure: (error) => failures.push(error) });
  running = started;
  const { classifier } = started;
  if (classifier === undefined) throw new Error('no classifier');
  const begun = performance.now();
  await classifier.adultScore(noise);
  const loaded = performance.now();
  const looks = 10;
  for (let look = 0; look < looks; look += 1) await classifier.adultScore(noise);
  const each = (performance.now() - loaded) / looks;
  const scores: number[] = [];
  for (const png of pictures) scores.push(await classifier.adultScore(png));
  expect(failures).toEqual([]);
  const size = 'folder' in settings ? megabytes(settings.folder) : 0;
  console.log(
    `${settings.kind}: ${size} MB installed, first picture after ${Math.round(loaded - begun)} ms, then ${Math.round(each)} ms each (1024x1024, ${(noise.byteLength / 1e6).toFixed(1)} MB)`,
  );
  return scores;
}

const CONFIG = (classifier: string): string => `
accounts: { welcome_usd: 0 }
pools: { demo: {} }
safety:
  classifier: ${classifier}
models:
  - id: watched
    kind: image
    price: { credits: 18 }
    routes: [{ pool: demo, model: demo-image@1 }]
`;

/** A picture through a gateway with this classifier: its status, and what was left of 100 credits. */
async function served(classifier: string): Promise<{ status: number; code: unknown; credits: number }> {
  const gateway = await startGateway({ config: CONFIG(classifier) });
  await startImageConnector(gateway, (await gateway.node('demo')).token);
  const { key } = await gateway.customer('1');
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const reply = await fetch(new URL('/api/images/create', gateway.baseUrl), {
    method: 'POST',
    headers,
    body: JSON.stringify({ prompt: 'a red circle', width: 512, height: 512, steps: 10, seed: 1 }),
  });
  const body = (await reply.json()) as { error?: { code: string } };
  const balance = (await (await fetch(`${gateway.baseUrl}/balance`, { headers })).json()) as {
    credits: number;
  };
  // What the packages print must not get into the log.
  expect(gateway.child.output()).not.toMatch(/nsfwjs|tensorflow/i);
  await gateway.child.stop();
  return { status: reply.status, code: body.error?.code, credits: balance.credits };
}

it('nsfwjs looks at pictures offline, by the model in its package', async (context) => {
  const packages = await install('nsfwjs');
  if ('missing' in packages) return context.skip(packages.missing);
  const { folder } = packages;
  const scores = await looking({ kind: 'nsfwjs', folder, timeoutMs: 60_000 }, [red, noise, red]);
  expect(scores.every((score) => score >= 0 && score < 0.5)).toBe(true);
  expect(scores[2]).toBe(scores[0]);
  expect(scores[1]).not.toBe(scores[0]);
  expect(await served(JSON.stringify({ type: 'nsfwjs', folder, timeout_ms: 60_000 }))).toEqual({
    status: 200,
    code: undefined,
    credits: 82,
  });
});

it('a model file of the operator decides: what it calls adult is kept back, uncharged', async (context) => {
  const packages = await install('onnx');
  if ('missing' in packages) return context.skip(packages.missing);
  const { folder } = packages;
  const file = join(temporaryFolder(), 'tiny.onnx');
  writeFileSync(file, tinyOnnx(64));
  const model = { file, side: 64, outputs: 'probabilities', mean: [0, 0, 0], std: [1, 1, 1] } as const;
  expect([await redness(0), await redness(1)]).toEqual([1, 0]);
  // Every picture has some colour: with all three outputs adult it is more than 0.5, with the fourth there is no score.
  const settings = (outputs: number[]) =>
    JSON.stringify({ type: 'onnx', folder, timeout_ms: 60_000, onnx: { ...model, adult_outputs: outputs } });
  expect(await served(settings([0, 1, 2]))).toMatchObject({
    status: 400,
    code: 'content_policy_violation',
    credits: 100,
  });
  expect(await served(settings([3]))).toMatchObject({
    status: 503,
    code: 'classifier_unavailable',
    credits: 100,
  });

  async function redness(output: number): Promise<number> {
    const onnx = { ...model, layout: 'nchw' as const, adultOutputs: [output] };
    const [score = Number.NaN] = await looking({ kind: 'onnx', folder, timeoutMs: 60_000, onnx }, [red]);
    await running?.close();
    return score;
  }
});

it('a gateway whose classifier is not installed does not start, and says how to install it', async () => {
  const data = temporaryFolder();
  const file = join(data, 'test.yaml');
  writeFileSync(file, CONFIG('{ type: nsfwjs, folder: ./nothing }'));
  const { code, output } = await run([
    'packages/gateway/src/cli/main.ts',
    'start',
    '--config',
    file,
    '--data',
    data,
    '--port',
    '0',
  ]);
  expect(code).toBe(1);
  expect(output).toContain(installCommand('nsfwjs', join(data, 'nothing')));
});
