import { LIMITS } from '../../core/limits.ts';
import type { ReplyReader, Taken } from '../transport/exchange.ts';
import { targetFault } from '../transport/fault-causes.ts';

/**
 * A reader for a reply that is one JSON object: collects its bytes, at most `LIMITS.replyMaxBytes`, and has them read
 * once, at their end. Nothing is read of a reply that broke off.
 */
export function collectWhole(read: (body: Buffer) => Taken): ReplyReader {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let taken: Taken = { parts: [], relay: undefined, state: 'open' };
  return {
    push(chunk) {
      bytes += chunk.length;
      if (bytes <= LIMITS.replyMaxBytes) chunks.push(chunk);
      else {
        chunks = [];
        taken = { parts: [], relay: undefined, state: targetFault('reply-too-large') };
      }
    },
    close(broken) {
      if (taken.state !== 'open') return;
      taken = broken === undefined ? read(Buffer.concat(chunks)) : { ...taken, state: broken };
      chunks = [];
    },
    take: () => taken,
  };
}
