import { requireFrom } from './packages.ts';
import type { LoadedScorer } from './scorer.ts';

/** What is used of `@tensorflow/tfjs` 4.22 and `nsfwjs` 4.4; types of theirs are not installed here. */
type Tensor = { dispose(): void };
type Tensorflow = {
  setBackend(name: 'wasm'): Promise<boolean>;
  enableProdMode(): void;
  tensor3d(values: Int32Array, shape: [number, number, number], type: 'int32'): Tensor;
};
type Model = { classify(picture: Tensor): Promise<{ className: string; probability: number }[]> };
type Nsfwjs = { load(name: 'MobileNetV2', options: { modelDefinitions: unknown[] }): Promise<Model> };

/** The side that the packaged MobileNetV2 was made for. */
const SIDE = 224;
/** By the package's README "Sexy" is sexually explicit without being pornography. The others are Neutral and Drawing. */
const ADULT_CLASSES: ReadonlySet<string> = new Set(['Porn', 'Hentai', 'Sexy']);
const CLASSES = 5;

/**
 * nsfwjs with the model that it packages: nothing is downloaded. On WebAssembly, since in plain JavaScript a picture took
 * 2.2 to 2.8 s instead of 0.05 s (measured 2026-11-21, 2 cores). Throws what the packages throw.
 */
export async function loadNsfwjs(folder: string): Promise<LoadedScorer> {
  const take = requireFrom(folder);
  const tensorflow = take('@tensorflow/tfjs') as Tensorflow;
  take('@tensorflow/tfjs-backend-wasm');
  tensorflow.enableProdMode();
  if (!(await tensorflow.setBackend('wasm'))) throw new Error('WebAssembly cannot be used');
  const { load } = take('nsfwjs/core') as Nsfwjs;
  const { MobileNetV2Model } = take('nsfwjs/models/mobilenet_v2') as { MobileNetV2Model: unknown };
  const model = await load('MobileNetV2', { modelDefinitions: [MobileNetV2Model] });
  return {
    side: SIDE,
    async score({ rgb }) {
      const picture = tensorflow.tensor3d(Int32Array.from(rgb), [SIDE, SIDE, 3], 'int32');
      try {
        return adultShare(await model.classify(picture));
      } finally {
        picture.dispose();
      }
    },
  };
}

/** Together the shares of the adult classes. NaN, which keeps a picture back, where the classes are not the known five. */
export function adultShare(classes: readonly { className: string; probability: number }[]): number {
  const adult = classes.filter(({ className }) => ADULT_CLASSES.has(className));
  if (classes.length !== CLASSES || adult.length !== ADULT_CLASSES.size) return Number.NaN;
  return Math.min(
    1,
    adult.reduce((sum, { probability }) => sum + probability, 0),
  );
}
