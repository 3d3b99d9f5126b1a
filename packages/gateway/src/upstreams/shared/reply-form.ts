import type { ReplyHead } from '../transport/exchange.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { targetFault } from '../transport/fault-causes.ts';
import { headerOf } from '../transport/reply-headers.ts';

export type ReplyForm = 'stream' | 'whole' | 'error';

/**
 * What a reply is, by its head and not by what was asked: some engines stream when they should not and the other way
 * round. A fault for what is no reply of an engine at all.
 */
export function replyForm(
  { status, headers }: ReplyHead,
  askedForStream: boolean,
): ReplyForm | UpstreamFault {
  if (status >= 300 && status < 400) return targetFault('redirect');
  // Also one that cannot be read: its status says what there is to do, and when to come back.
  if (status >= 400) return 'error';
  const encoding = headerOf(headers, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return targetFault('encoding');
  const type = headerOf(headers, 'content-type');
  // Without a content type the reply is taken for what was asked; a page of HTML is some proxy's error.
  if (type === undefined) return askedForStream ? 'stream' : 'whole';
  if (/^text\/html/i.test(type)) return targetFault('bad-reply');
  return /^text\/event-stream/i.test(type) ? 'stream' : 'whole';
}
