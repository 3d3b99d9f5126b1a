import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { fault } from '../core/errors.ts';
import { errorFields, type Log } from '../core/log.ts';
import type { Exchange } from '../inference/exchange.ts';
import { faultBodyFor } from './errors.ts';
import type { RouteRow } from './routes.ts';

/** A request for inference whose body is there, whoever read it. */
export type Arrival = Pick<Exchange, 'requestId' | 'rawHeaders' | 'body' | 'response' | 'remoteAddress'>;

/**
 * A route that inference answers itself, on the raw response. The server takes its plain requests without the framework,
 * see `direct-door.ts`, and all others with it.
 */
export type InferenceRow = Pick<RouteRow, 'path' | 'bodyMaxBytes' | 'sender'> & {
  method: 'POST';
  serve(arrival: Arrival): void;
};

/** With the time of its arrival. */
export function exchangeOf(clock: Clock, arrival: Arrival): Exchange {
  return {
    ...arrival,
    startedAtMs: clock.nowMs(),
    startedMonotonicMs: clock.monotonicMs(),
    rateWindow: undefined,
  };
}

/** Serves it. A route that throws, which only a programming error does, is logged and answered with `internal_error`. */
export function serveSafely(
  { serve }: Pick<InferenceRow, 'serve'>,
  arrival: Arrival,
  { request, log }: { request: IncomingMessage; log: Log },
): void {
  try {
    serve(arrival);
  } catch (error) {
    const { requestId, response } = arrival;
    log.error('route_failed', { requestId, ...errorFields(error) });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const ids = { 'x-request-id': requestId, 'request-id': requestId };
    response.writeHead(500, { 'content-type': 'application/json', ...ids });
    response.end(faultBodyFor(request, requestId, fault('internal_error')));
  }
}
