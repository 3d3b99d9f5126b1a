import { systemTimers } from '../timers.ts';
import type { Timer, Timers } from '../timers.ts';
import { decideNext } from './backoff.ts';
import type { LinkEnd } from './backoff.ts';
import { LinkSession } from './link-session.ts';
import { openLinkSocket } from './link-socket.ts';
import type { LinkSocket } from './link-socket.ts';
import { linkUrl } from './link-url.ts';
import type { LinkAgent, LinkClient } from './types.ts';

export type LinkClientOptions = {
  /** http(s):// or ws(s)://, with or without a path before `/node/v1`. */
  gatewayUrl: string;
  /** `nk_…`: says which node this is. */
  token: string;
  /** Made anew at each start of the program. */
  instanceId: string;
  agentVersion: string;
  agent: LinkAgent;
  random?: () => number;
  timers?: Timers;
};

/** A connection that stood for so long makes the next wait short again. */
const STABLE_MS = 60_000;
const CLOSE_NORMAL = 1000;
/** From the goodbye until the line is cut. */
const GOODBYE_MS = 1_000;

/**
 * Connects to the gateway and stays connected: after each end it waits with jitter and tries again, until it is
 * closed or the gateway says that trying is useless. The agent hears of each change through `state`, except of its
 * own `close` and `drain`. Throws when the gateway's address is none.
 */
export function startLinkClient(options: LinkClientOptions): LinkClient {
  const client = new Client(linkUrl(options.gatewayUrl), options);
  client.connect();
  return client;
}

class Client implements LinkClient {
  readonly #url: string;
  readonly #options: LinkClientOptions;
  readonly #timers: Timers;
  #session: LinkSession | undefined;
  #socket: LinkSocket | undefined;
  #retry: Timer | undefined;
  #cut: Timer | undefined;
  #failures = 0;
  #onlineSinceMs: number | undefined;
  #retryAfterMs: number | undefined;
  /** No new connections: closed, or on the way to it. */
  #isLeaving = false;
  #isClosed = false;

  constructor(url: string, options: LinkClientOptions) {
    this.#url = url;
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  connect(): void {
    this.#retry = undefined;
    this.#onlineSinceMs = undefined;
    this.#retryAfterMs = undefined;
    this.#options.agent.state({ state: 'connecting', attempt: this.#failures + 1 });
    if (this.#isClosed) return;
    this.#socket = openLinkSocket(this.#url, this.#options.token, {
      onOpen: () => this.#onOpen(),
      onMessage: (message) => this.#session?.onMessage(message),
      onEnd: (end) => this.#onEnd(end),
    });
  }

  capabilitiesChanged(): void {
    this.#session?.capabilitiesChanged();
  }

  async drain(graceMs: number): Promise<void> {
    this.#isLeaving = true;
    this.#retry?.cancel();
    const session = this.#session;
    if (session !== undefined) await session.drain(graceMs);
    this.close();
  }

  close(): void {
    this.#isLeaving = true;
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#session?.end(CLOSE_NORMAL, 'closed');
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    socket.close(CLOSE_NORMAL, 'closed');
    this.#cut = this.#timers.after(GOODBYE_MS, () => socket.terminate());
  }

  #onOpen(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#isClosed) return;
    const { instanceId, agentVersion, agent } = this.#options;
    this.#session = new LinkSession({
      socket,
      hello: { instanceId, agentVersion, features: [] },
      agent,
      timers: this.#timers,
      onOnline: ({ sessionId, newestAgent }) => {
        this.#onlineSinceMs = this.#timers.nowMs();
        agent.state({ state: 'online', sessionId, ...(newestAgent === undefined ? {} : { newestAgent }) });
      },
      onRetryAfter: (retryAfterMs) => {
        this.#retryAfterMs = retryAfterMs;
      },
      onBadCapabilities: (path) => {
        this.#stop(`The capabilities of this node are not valid at ${path === '' ? 'the top' : path}.`);
      },
    });
  }

  #onEnd(end: LinkEnd): void {
    this.#cut?.cancel();
    this.#session?.lost();
    this.#session = undefined;
    this.#socket = undefined;
    if (this.#isLeaving) return;
    const onlineMs = this.#onlineSinceMs === undefined ? 0 : this.#timers.nowMs() - this.#onlineSinceMs;
    this.#failures = onlineMs >= STABLE_MS ? 1 : this.#failures + 1;
    const full =
      end.kind === 'closed' && this.#retryAfterMs !== undefined
        ? { ...end, retryAfterMs: this.#retryAfterMs }
        : end;
    const next = decideNext(full, this.#failures, this.#options.random ?? Math.random);
    if ('stop' in next) return this.#stop(next.stop);
    this.#retry = this.#timers.after(next.retryInMs, () => this.connect());
    this.#options.agent.state({ state: 'waiting', retryInMs: next.retryInMs, reason: next.reason });
  }

  #stop(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.agent.state({ state: 'stopped', reason });
  }
}
