import type { ReplyOptions } from '../../core/surface.ts';

/** The id of a reply carries the request's, so that whoever holds one finds the other. */
export function completionId(options: ReplyOptions): string {
  return `chatcmpl-${options.requestId.replace(/^req_/, '')}`;
}
