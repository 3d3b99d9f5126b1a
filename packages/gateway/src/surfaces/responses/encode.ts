import { openAiFaultBody } from '../../core/fault-body.ts';
import type { ReplyEncoder, ReplyOptions } from '../../core/surface.ts';
import { endState } from './outcome-state.ts';
import { createOutput } from './output.ts';
import type { ReplyRequest } from './reply-request.ts';
import { relayedResponse } from './relay.ts';
import { createResponseWriter, idSuffix } from './response-object.ts';

/**
 * Collects one answer and gives the Response object at its end. When the target speaks this dialect its body is kept
 * instead, and only `model`, `store` and the counts in `usage` are exchanged inside its bytes.
 */
export function openResponse(options: ReplyOptions, request: ReplyRequest): ReplyEncoder {
  const { requestId } = options;
  const output = createOutput({ ...request, idSuffix: idSuffix(requestId) });
  let relayed: Buffer | undefined;
  let done = false;
  return {
    contentType: 'application/json',
    parts(parts, relay) {
      if (done) return '';
      relayed ??= relay;
      if (relayed === undefined) output.add(parts);
      return '';
    },
    end(outcome) {
      if (done) return '';
      done = true;
      const spliced = relayed === undefined ? undefined : relayedResponse(relayed, options, outcome);
      if (spliced !== undefined) return spliced;
      const finish = output.close(outcome.finish);
      const state = endState({ ...outcome, finish }, output.json(), requestId);
      return createResponseWriter(request.body, options)(state);
    },
    fault(value) {
      if (done) return '';
      done = true;
      return openAiFaultBody(value);
    },
    keepalive: () => '',
  };
}
