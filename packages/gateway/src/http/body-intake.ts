import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';

/** A body of so many bytes is taken in from everybody. A larger one only from somebody whom its route knows. */
export const OPEN_BODY_MAX_BYTES = 128 * 1024;

/** Of large bodies, in the size of the largest one: so many at once, and so many of one sender. */
const BODIES_MAX = 16;
const BODIES_PER_SENDER_MAX = 4;

/**
 * Counts the large bodies that are on their way in. They lie in memory until they are whole, which a slow sender can
 * stretch to the request's time-out.
 */
export type BodyIntake = {
  /**
   * False: too much is on its way. Else it counts until the body is whole or its connection is gone. A body in chunks
   * counts with what has come of it, so that small ones are never too much: one that becomes it ends with `TooMuchAtOnce`
   * as the error of its request.
   */
  take(request: FastifyRequest, sender: string): boolean;
};

export class TooMuchAtOnce extends Error {}

/** @param bodyMaxBytes the largest body that any route takes */
export function createBodyIntake(bodyMaxBytes: number): BodyIntake {
  const bySender = new Map<string, number>();
  let sum = 0;

  function count(sender: string, bytes: number): boolean {
    const own = bySender.get(sender) ?? 0;
    const isTooMuch = sum + bytes > bodyMaxBytes * BODIES_MAX;
    if (isTooMuch || own + bytes > bodyMaxBytes * BODIES_PER_SENDER_MAX) return false;
    sum += bytes;
    bySender.set(sender, own + bytes);
    return true;
  }

  function forget(sender: string, bytes: number): void {
    sum -= bytes;
    const left = (bySender.get(sender) ?? 0) - bytes;
    if (left > 0) bySender.set(sender, left);
    else bySender.delete(sender);
  }

  return {
    take({ raw, headers }, sender) {
      let counted = 0;
      const grow = (bytes: number) => {
        const fits = count(sender, bytes);
        if (fits) counted += bytes;
        return fits;
      };
      raw.once('close', () => forget(sender, counted));
      const bytes = declaredBytes(headers);
      if (bytes !== Number.POSITIVE_INFINITY) return grow(Math.min(bytes, bodyMaxBytes));
      countAsItComes(raw, grow);
      return true;
    },
  };
}

/** `grow` is told of more bytes, and says whether they fit. What everybody may send is not counted. */
function countAsItComes(raw: IncomingMessage, grow: (bytes: number) => boolean): void {
  let come = 0;
  let counted = 0;
  const onData = (chunk: Buffer) => {
    come += chunk.length;
    if (come <= OPEN_BODY_MAX_BYTES) return;
    if (grow(come - counted)) {
      counted = come;
      return;
    }
    raw.off('data', onData);
    // Destroyed, it would take its connection along, and nobody would be told why. Behind this chunk, since whoever reads
    // the body is still to get it; nobody does any more where it was refused or is whole.
    queueMicrotask(() => {
      if (raw.listenerCount('error') > 0) raw.emit('error', new TooMuchAtOnce());
    });
  };
  raw.on('data', onData);
}

/** How long a body says it is. One in chunks does not say: it counts as endless. */
export function declaredBytes(headers: FastifyRequest['headers']): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers['content-length'] ?? 0);
}
