import type { ReplyOptions } from '../../core/surface.ts';

/** The id of a reply carries the request's, so that whoever holds one finds the other. */
export function messageId(options: ReplyOptions): string {
  return `msg_${options.requestId.replace(/^req_/, '')}`;
}
