import type { Fault } from '../core/errors.ts';
import type { TextSurface } from '../core/surface.ts';
import type { Exchange } from './exchange.ts';

/** The fault as this client should get it: some are known to misread one code and to understand another. */
export function adaptFault(surface: TextSurface, value: Fault, { rawHeaders }: Exchange): Fault {
  return surface.adaptFault?.(value, rawHeaders) ?? value;
}
