import type { FastifyRequest } from 'fastify';

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
  /** False: too much is on its way. Else it counts until the body is whole or its connection is gone. */
  take(request: FastifyRequest, sender: string): boolean;
};

/** @param bodyMaxBytes the largest body that any route takes */
export function createBodyIntake(bodyMaxBytes: number): BodyIntake {
  const bySender = new Map<string, number>();
  let sum = 0;
  return {
    take({ raw, headers }, sender) {
      const bytes = Math.min(declaredBytes(headers), bodyMaxBytes);
      const own = bySender.get(sender) ?? 0;
      const isTooMuch = sum + bytes > bodyMaxBytes * BODIES_MAX;
      if (isTooMuch || own + bytes > bodyMaxBytes * BODIES_PER_SENDER_MAX) return false;
      sum += bytes;
      bySender.set(sender, own + bytes);
      raw.once('close', () => {
        sum -= bytes;
        const left = (bySender.get(sender) ?? 0) - bytes;
        if (left > 0) bySender.set(sender, left);
        else bySender.delete(sender);
      });
      return true;
    },
  };
}

/** How long a body says it is. One in chunks does not say: it counts as endless. */
export function declaredBytes(headers: FastifyRequest['headers']): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers['content-length'] ?? 0);
}
