import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { isContentPart } from '@switchyard/protocol/parts.ts';
import type { ReplyEncoder, ReplyOptions } from '../../core/surface.ts';
import { createEventWriter } from './event-writer.ts';
import { errorMembers, failureJson } from './failure.ts';
import { createItemEvents } from './item-events.ts';
import { AFTER_OPENING } from './opening.ts';
import { endState } from './outcome-state.ts';
import { createOutput } from './output.ts';
import { createRelay, type Relay } from './relay.ts';
import type { ReplyRequest } from './reply-request.ts';
import type { ResponseState } from './response-object.ts';
import { createResponseWriter, idSuffix } from './response-object.ts';

const DONE = 'data: [DONE]\n\n';
/** Known to all measured clients once the response was created. */
const KEEPALIVE = 'event: keepalive\ndata: {"type":"keepalive"}\n\n';

/**
 * Encodes one answer as events: `response.created` and `response.in_progress`, the items with all of their events, one
 * of `response.completed` and `response.incomplete`, and `[DONE]`. A failure is an `error` event and then
 * `response.failed`, without `[DONE]`. The first two and one of the last come exactly once, whatever the parts are.
 * Nothing of the answer is said before its first content: until then another target may take over, so a seal waits.
 * A keepalive is `response.in_progress` again.
 *
 * When the target speaks this dialect its own events are handed on as they are, see `createRelay`.
 */
export function openResponseStream(options: ReplyOptions, request: ReplyRequest): ReplyEncoder {
  const { opening } = request;
  const suffix = idSuffix(options.requestId);
  const writer = createEventWriter(AFTER_OPENING);
  const output = createOutput({ ...request, idSuffix: suffix }, createItemEvents(writer));
  const responseJson = createResponseWriter(request.body, options);
  const inProgress = () => responseJson({ status: 'in_progress' });
  /** Seals before the first content; other parts without content say nothing. */
  let early: StreamPart[] | undefined = [];
  let relay: Relay | undefined;
  let done = false;

  const lastEvent = (state: ResponseState) =>
    writer.event(`response.${state.status}`, `"response":${responseJson(state)}`);
  const startRelay = () =>
    createRelay({ reply: options, ownResponse: responseJson, isOpen: opening.isOpen() });
  const begin = () => {
    if (early !== undefined) output.add(early);
    early = undefined;
    return opening.open(inProgress);
  };

  return {
    contentType: 'text/event-stream; charset=utf-8',
    parts(parts, bytes) {
      if (done) return '';
      if (bytes !== undefined) relay ??= startRelay();
      if (relay !== undefined) return relay.pass(parts, bytes);
      if (early !== undefined && !parts.some(isContentPart)) {
        early.push(...parts.filter(({ type }) => type === 'reasoning-seal'));
        return '';
      }
      const head = early === undefined ? '' : begin();
      output.add(parts);
      return head + writer.take();
    },
    end(outcome) {
      if (done) return '';
      done = true;
      if (relay !== undefined) return relay.end(outcome);
      const head = begin();
      const finish = output.close(outcome.finish);
      lastEvent(endState({ ...outcome, finish }, output.json(), options.requestId));
      return head + writer.take() + DONE;
    },
    fault(value) {
      if (done) return '';
      done = true;
      if (relay !== undefined) return relay.fault(value);
      const head = begin();
      writer.event('error', errorMembers(value));
      lastEvent({ status: 'failed', outputJson: output.json(), errorJson: failureJson(value) });
      return head + writer.take();
    },
    keepalive() {
      if (done) return '';
      if (relay !== undefined) return KEEPALIVE;
      if (early !== undefined) return opening.keepalive(inProgress);
      writer.event('response.in_progress', `"response":${inProgress()}`);
      return writer.take();
    },
  };
}
