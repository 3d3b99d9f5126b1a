import type { Fault } from '../../core/errors.ts';
import { errorRow, faultMessage } from '../../core/errors.ts';

/**
 * The error body of the OpenAI dialects. All four keys are always there: the specification requires them and some
 * clients read them unchecked. The request's id travels in the headers.
 */
export function renderOpenAiFault(value: Fault): string {
  return JSON.stringify({
    error: {
      message: faultMessage(value),
      type: errorRow(value.code).openaiType,
      param: value.param ?? null,
      code: value.code,
    },
  });
}
