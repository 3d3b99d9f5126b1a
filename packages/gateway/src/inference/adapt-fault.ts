import type { AttemptFault } from '../core/attempt.ts';
import { fault, type Fault } from '../core/errors.ts';
import type { TextSurface } from '../core/surface.ts';
import type { Exchange } from './exchange.ts';

/** The fault as this client should get it: some are known to misread one code and to understand another. */
export function adaptFault(surface: TextSurface, value: Fault, { rawHeaders }: Exchange): Fault {
  return surface.adaptFault?.(value, rawHeaders) ?? value;
}

/** What the client reads of a failed try: our own code and words, never those of a node or provider. */
export function clientFault(value: Pick<AttemptFault, 'code' | 'message' | 'retryAfterMs'>): Fault {
  const { code, message, retryAfterMs } = value;
  return fault(code, {
    ...(message === undefined ? {} : { message }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
