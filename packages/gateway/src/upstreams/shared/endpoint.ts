import type { Attempt, AttemptSink } from '../../core/attempt.ts';
import type { Clock } from '../../core/clock.ts';
import { inOwnMemory } from '../../core/own-memory.ts';
import { createDeadlines } from '../transport/deadlines.ts';
import type { ReplyHead, ReplyReader, UpstreamTimeouts } from '../transport/exchange.ts';
import { startExchange } from '../transport/exchange.ts';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { createPool } from '../transport/pool.ts';

export type EndpointOptions = {
  /** Everything before the path of a dialect, such as `https://api.example.com/v1`. A query is kept. */
  baseUrl: string;
  /** Sent with each request, beside those that the protocol needs. */
  headers: Readonly<Record<string, string>>;
  timeouts: UpstreamTimeouts;
  /** Which addresses besides those on the public internet may be connected to: all, none, or CIDR blocks. */
  allowPrivateAddresses: boolean | readonly string[];
  clock: Clock;
};

export type EndpointRequest = {
  body: Buffer;
  stream: boolean;
  /** Names and values in turn: credentials, and what the dialect defines beyond the body. */
  headers: readonly string[];
  sink: AttemptSink;
  openReader(head: ReplyHead): ReplyReader | UpstreamFault;
};

/** One address of a provider, with its own connections. */
export type Endpoint = {
  post(request: EndpointRequest): Attempt;
  /** Ends what runs, with a fault, and frees all connections. */
  close(): Promise<void>;
};

/** `path` is what a dialect puts behind the base: `/chat/completions`. */
export function openEndpoint(options: EndpointOptions, path: string): Endpoint {
  const { timeouts, clock, allowPrivateAddresses } = options;
  const url = new URL(options.baseUrl);
  const wholePath = `${url.pathname.replace(/\/+$/, '')}${path}${url.search}`;
  const pool = createPool({
    origin: url.origin,
    connectTimeoutMs: timeouts.connectMs,
    allowPrivateAddresses,
  });
  const deadlines = createDeadlines(clock);
  const own = Object.entries(options.headers).flat();
  return {
    post: ({ headers, body, stream, sink, openReader }) =>
      startExchange({
        // The client keeps it until the reply has ended.
        body: stream ? inOwnMemory(body) : body,
        stream,
        sink,
        openReader,
        pool,
        path: wholePath,
        headers: [...COMMON_HEADERS, ...headers, ...own],
        timeouts,
        clock,
        deadlines,
      }),
    async close() {
      await pool.destroy();
      deadlines.close();
    },
  };
}

const COMMON_HEADERS = [
  'content-type',
  'application/json',
  // What `Accept` says decides nothing with any known service; the body's `stream` does.
  'accept',
  'application/json, text/event-stream',
  'accept-encoding',
  'identity',
  'user-agent',
  'switchyard',
];

/** The credential of OpenAI and of all that copy it. */
export function bearer(apiKey: string | undefined): string[] {
  return apiKey === undefined ? [] : ['authorization', `Bearer ${apiKey}`];
}
