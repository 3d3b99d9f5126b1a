import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createClassifier } from './create-classifier.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-classifier-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const clock = createVirtualClock();
const quiet = { clock, onFailure: () => undefined };

const onnx = () => ({
  file: join(folder, 'none.onnx'),
  side: 8,
  layout: 'nchw' as const,
  mean: [0, 0, 0] as const,
  std: [1, 1, 1] as const,
  adultOutputs: [0],
  outputs: 'logits' as const,
});

it('none is none', () => {
  expect(createClassifier(undefined, quiet).classifier).toBeUndefined();
});

it('names the command that installs what is missing', () => {
  const start = () => createClassifier({ kind: 'nsfwjs', folder, timeoutMs: 1_000 }, quiet);
  expect(start).toThrow(
    expect.objectContaining({
      name: 'ClassifierMissingError',
      hint: `Install them: npm install --ignore-scripts --prefix ${folder} nsfwjs@4.4.0 @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 buffer@6.0.3`,
    }),
  );
});

it('names the model file that is missing', () => {
  mkdirSync(join(folder, 'node_modules/onnxruntime-node'), { recursive: true });
  const start = () => createClassifier({ kind: 'onnx', folder, timeoutMs: 1_000, onnx: onnx() }, quiet);
  expect(start).toThrow(/none\.onnx$/);
});

it('keeps pictures back when the packages are damaged', async () => {
  mkdirSync(join(folder, 'node_modules/onnxruntime-node'), { recursive: true });
  const failures: Error[] = [];
  const running = createClassifier(
    { kind: 'onnx', folder, timeoutMs: 20_000, onnx: { ...onnx(), file: import.meta.filename } },
    { clock, onFailure: (error) => failures.push(error) },
  );
  await expect(running.classifier?.adultScore(Buffer.alloc(4))).rejects.toThrow('could not look');
  expect(failures).toHaveLength(1);
  await running.close();
});
