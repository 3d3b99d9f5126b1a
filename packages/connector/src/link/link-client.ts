import type { Agent } from 'node:http';
import type { GoAway } from '@switchyard/protocol/link/messages.ts';
import { RESUME_FEATURE } from '@switchyard/protocol/link/replay.ts';
import { systemTimers } from '../timers.ts';
import type { Timer, Timers } from '../timers.ts';
import { decideNext, isGoodbye } from './backoff.ts';
import type { LinkEnd } from './backoff.ts';
import { LinkLine } from './link-line.ts';
import { LinkSession } from './link-session.ts';
import { openLinkSocket } from './link-socket.ts';
import type { LinkSocket } from './link-socket.ts';
import { linkUrl } from './link-url.ts';
import { proxyAgent } from './proxy-agent.ts';
import type { Proxies } from './proxy-agent.ts';
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
  /** Between this machine and the gateway. */
  proxies?: Proxies;
  random?: () => number;
  timers?: Timers;
};

/** A connection that stood for so long makes the next wait short again. */
const STABLE_MS = 60_000;
const CLOSE_NORMAL = 1000;
/** From the goodbye until the line is cut. */
const GOODBYE_MS = 1_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** While jobs wait, waits grow to 2 s only: the gateway holds their answers for ten. */
const AWAITED_FAILURES_MAX = 3;
/** While jobs wait for the connection: a try that hangs must leave time for another one. */
const CONNECT_TIMEOUT_HELD_MS = 4_000;

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
  readonly #proxyAgent: Agent | undefined;
  readonly #options: LinkClientOptions;
  readonly #timers: Timers;
  /** While it has jobs it may outlive its line. */
  #session: LinkSession | undefined;
  #line: LinkLine | undefined;
  #socket: LinkSocket | undefined;
  #retry: Timer | undefined;
  #cut: Timer | undefined;
  #failures = 0;
  #onlineSinceMs: number | undefined;
  #goAway: Omit<GoAway, 'closeCode'> = {};
  /** No new connections but for running jobs: on the way to `closed`. */
  #isLeaving = false;
  #isClosed = false;

  constructor(url: string, options: LinkClientOptions) {
    this.#url = url;
    this.#proxyAgent = proxyAgent(url, options.proxies ?? {});
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  connect(): void {
    this.#retry = undefined;
    this.#onlineSinceMs = undefined;
    this.#goAway = {};
    this.#options.agent.state({ state: 'connecting', attempt: this.#failures + 1 });
    if (this.#isClosed) return;
    const timeoutMs = this.#session === undefined ? CONNECT_TIMEOUT_MS : CONNECT_TIMEOUT_HELD_MS;
    const target = {
      url: this.#url,
      token: this.#options.token,
      timeoutMs,
      ...(this.#proxyAgent === undefined ? {} : { agent: this.#proxyAgent }),
    };
    this.#socket = openLinkSocket(target, {
      onOpen: () => this.#onOpen(),
      onMessage: (message) => this.#line?.onMessage(message),
      onEnd: (end) => this.#onEnd(end),
    });
  }

  capabilitiesChanged(): void {
    this.#session?.capabilitiesChanged();
  }

  async drain(graceMs: number): Promise<void> {
    this.#isLeaving = true;
    const session = this.#session;
    if (session === undefined) this.#retry?.cancel();
    else await session.drain(graceMs);
    this.close();
  }

  close(): void {
    this.#isLeaving = true;
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#line?.end(CLOSE_NORMAL, 'closed');
    this.#session?.end();
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
    this.#line = new LinkLine({
      socket,
      hello: { instanceId, agentVersion, features: [RESUME_FEATURE] },
      timers: this.#timers,
      held: this.#session,
      startSession: () => this.#startSession(),
      onOnline: ({ sessionId, newestAgent }) => {
        this.#onlineSinceMs = this.#timers.nowMs();
        agent.state({ state: 'online', sessionId, ...(newestAgent === undefined ? {} : { newestAgent }) });
      },
      onNotice: (notice) => agent.notice?.(notice),
      onGoAway: (goAway) => {
        this.#goAway = goAway;
      },
    });
  }

  #startSession(): LinkSession {
    this.#session?.end();
    const session = new LinkSession({
      agent: this.#options.agent,
      timers: this.#timers,
      onBadCapabilities: (path) => {
        this.#stop(`The capabilities of this node are not valid at ${path === '' ? 'the top' : path}.`);
      },
    });
    this.#session = session;
    return session;
  }

  #onEnd(end: LinkEnd): void {
    this.#cut?.cancel();
    this.#line?.onSocketClosed();
    this.#line = undefined;
    this.#socket = undefined;
    const isHeld = this.#holdSession(end);
    if (this.#isLeaving && !isHeld) return;
    const onlineMs = this.#onlineSinceMs === undefined ? 0 : this.#timers.nowMs() - this.#onlineSinceMs;
    // Jobs that wait cannot wait for long.
    const isUrgent = isHeld && this.#onlineSinceMs !== undefined;
    this.#failures = isUrgent || onlineMs >= STABLE_MS ? 1 : this.#failures + 1;
    const { retryAfterMs, minAgentVersion, because } = this.#goAway;
    const full: LinkEnd =
      end.kind === 'closed'
        ? {
            ...end,
            ...(retryAfterMs !== undefined && { retryAfterMs }),
            ...(minAgentVersion !== undefined && { minAgentVersion }),
            ...(because !== undefined && { because }),
          }
        : end;
    const isAwaited = this.#session?.isWaitedFor ?? false;
    const step = isAwaited ? Math.min(this.#failures, AWAITED_FAILURES_MAX) : this.#failures;
    const next = decideNext(full, step, this.#options.random ?? Math.random);
    if ('stop' in next) return this.#stop(next.stop);
    this.#retry = this.#timers.after(next.retryInMs, () => this.connect());
    this.#options.agent.state({ state: 'waiting', retryInMs: next.retryInMs, reason: next.reason });
  }

  /** Whether running jobs wait for another connection. */
  #holdSession(end: LinkEnd): boolean {
    const session = this.#session;
    if (session === undefined) return false;
    if (isGoodbye(end)) session.end();
    const isHeld = session.hold(() => this.#giveUpSession());
    if (!isHeld) this.#session = undefined;
    return isHeld;
  }

  /** The jobs waited too long. A handshake that still asks for them is useless. */
  #giveUpSession(): void {
    this.#session = undefined;
    this.#socket?.terminate();
    if (this.#isLeaving) this.#retry?.cancel();
  }

  #stop(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.agent.state({ state: 'stopped', reason });
  }
}
