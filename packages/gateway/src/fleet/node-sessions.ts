import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { RandomSource } from '../core/clock.ts';
import type { NodeIdentity } from './fleet.ts';
import { ModelRecords } from './model-record.ts';
import { NodeLine } from './node-line.ts';
import { NodeSession } from './node-session.ts';
import type { DrainTimes } from './node-session.ts';
import type { Registry } from './registry.ts';
import type { LineHost, LinkSocket, SessionHost } from './session-host.ts';

export type NodeSessionsOptions = Pick<
  SessionHost,
  'clock' | 'config' | 'log' | 'metrics' | 'newestAgent' | 'onCapacity'
> & {
  random: RandomSource;
  registry: Registry;
};

/** All lines and sessions of a gateway: which line belongs to which session, and what ends them together. */
export class NodeSessions {
  readonly #registry: Registry;
  readonly #host: SessionHost;
  readonly #lineHost: LineHost;
  readonly #records = new ModelRecords();
  /** Open connections, those in their handshake included. */
  readonly #lines = new Set<NodeLine>();
  /** Those whose handshake is over, with a line or waiting for one. */
  readonly #sessions = new Set<NodeSession>();
  #epoch = 0;
  #draining: DrainTimes | undefined;

  constructor({ registry, random, ...options }: NodeSessionsOptions) {
    this.#registry = registry;
    this.#host = {
      ...options,
      nextEpoch: () => (this.#epoch += 1),
      recordsOf: (nodeId) => this.#records.ofNode(nodeId),
      onWelcomed: (session) => this.#onWelcomed(session),
      onCapabilities: (session) => registry.index(session),
      onEnded: (session) => {
        this.#sessions.delete(session);
        registry.remove(session);
      },
    };
    this.#lineHost = {
      clock: options.clock,
      config: options.config,
      log: options.log,
      random,
      openSession: (identity, hello) => this.#open(new NodeSession(identity, hello, this.#host)),
      sessionToResume: ({ nodeId }, hello) => {
        const session = registry.get(nodeId);
        return session?.isOf(hello) === true ? session : undefined;
      },
      onLineEnded: (line) => void this.#lines.delete(line),
    };
  }

  get lineCount(): number {
    return this.#lines.size;
  }

  /** While the gateway shuts down. */
  get drainTimes(): DrainTimes | undefined {
    return this.#draining;
  }

  openLine(identity: NodeIdentity, socket: LinkSocket): NodeLine {
    const line = new NodeLine(identity, socket, this.#lineHost);
    this.#lines.add(line);
    return line;
  }

  tick(nowMs: number): void {
    for (const line of this.#lines) line.tick(nowMs);
    for (const session of this.#sessions) session.tick(nowMs);
  }

  /** Ends whatever a node has here. */
  disconnect(nodeId: string, reason: 'revoked' | 'suspended', because?: string): void {
    const code = reason === 'revoked' ? CLOSE_CODES.unauthorized : CLOSE_CODES.suspended;
    for (const session of this.#sessions) {
      if (session.identity.nodeId !== nodeId) continue;
      if (because !== undefined) session.sayWhy({ closeCode: code, because });
      session.end(code, reason);
    }
    for (const line of this.#lines) if (line.identity.nodeId === nodeId) line.end(code, reason);
  }

  /** Says goodbye to one node, which will be refused until it is resumed. */
  drainNode(nodeId: string, times: DrainTimes): void {
    for (const session of this.#sessions)
      if (session.identity.nodeId === nodeId) session.drain(times, CLOSE_CODES.suspended);
  }

  /** Says goodbye to all nodes. Those with jobs stay until these have ended. */
  drain(times: DrainTimes): void {
    this.#draining ??= times;
    for (const session of this.#sessions) session.drain(times);
  }

  close(): void {
    this.drain({ retryAfterMs: 0, graceMs: 0 });
    for (const session of this.#sessions) session.end(CLOSE_CODES.draining, 'closed');
    for (const line of this.#lines) line.end(CLOSE_CODES.draining, 'closed');
  }

  #open(session: NodeSession): NodeSession {
    this.#sessions.add(session);
    this.#host.metrics.sessionOpened();
    return session;
  }

  #onWelcomed(session: NodeSession): void {
    this.#registry.add(session)?.end(CLOSE_CODES.replaced, 'replaced');
    const { identity, sessionId } = session;
    this.#host.log.info('node_connected', { nodeId: identity.nodeId, sessionId });
    // It began its handshake before the gateway began to shut down.
    if (this.#draining !== undefined) session.drain(this.#draining);
  }
}
