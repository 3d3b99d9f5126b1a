import { parentPort, workerData } from 'node:worker_threads';
import { decodePng } from './decode-png.ts';
import { loadNsfwjs } from './load-nsfwjs.ts';
import { loadOnnx } from './load-onnx.ts';
import type { FromClassifier, LocalModel, ToClassifier } from './local-classifier.ts';
import { shrinkToSquare } from './pixels.ts';

/** The largest picture that nodes make, 1536 x 1536. */
const MAX_PIXELS = 1_536 * 1_536;

/** The classifier's thread: a look takes from 50 ms to seconds and must not hold up the thread that serves requests. */
async function run(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker only');
  const model = workerData as LocalModel;
  const scorer =
    model.kind === 'nsfwjs' ? await loadNsfwjs(model.folder) : await loadOnnx(model.folder, model.onnx);
  const look = async ({ png }: ToClassifier): Promise<FromClassifier> => {
    try {
      const picture = decodePng(Buffer.from(png.buffer, png.byteOffset, png.byteLength), MAX_PIXELS);
      const adult = await scorer.score(shrinkToSquare(picture, scorer.side));
      return { type: 'looked', adult };
    } catch {
      // Nothing of the error is told on: it may quote what it was given.
      return { type: 'looked', adult: Number.NaN };
    }
  };
  port.on('message', (message: ToClassifier) => {
    void look(message).then((answer) => port.postMessage(answer));
  });
  port.postMessage({ type: 'ready' } satisfies FromClassifier);
}

await run();
