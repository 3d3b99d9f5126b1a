import { measureInput, withNativeInput, type InputMeasure } from '../pricing/input-ceiling.ts';
import type { InferenceDeps } from './deps.ts';
import type { Understood } from './understand.ts';

/** Measures the input of a request as the dearest of the model's targets may read it. */
export function measureRequest(
  { router }: Pick<InferenceDeps, 'router'>,
  { surface, model, decoded }: Pick<Understood, 'surface' | 'model' | 'decoded'>,
): InputMeasure {
  const measure = measureInput(decoded.chat);
  const { nativeInput } = decoded;
  if (nativeInput === undefined || !router.speaks(model, surface.dialect)) return measure;
  return withNativeInput(measure, nativeInput, model.contextTokens);
}
