import type { Hello } from '@switchyard/protocol/link/messages.ts';
import type { AttemptRequest } from '../core/attempt.ts';
import type { RandomSource } from '../core/clock.ts';
import type { FleetConfig, FleetLog } from '../fleet/fleet-config.ts';
import { DEFAULT_FLEET_CONFIG } from '../fleet/fleet-config.ts';
import type { NodeIdentity, NodeSlot, NodeWant } from '../fleet/fleet.ts';
import type { NodeLine } from '../fleet/node-line.ts';
import type { NodeSession } from '../fleet/node-session.ts';
import { NodeSessions } from '../fleet/node-sessions.ts';
import { Registry } from '../fleet/registry.ts';
import { createMemoryLine, createRawNode } from './raw-node.ts';
import type { MemoryLine, RawNode } from './raw-node.ts';
import { attemptRequestOf, createRecordingSink } from './recording-sink.ts';
import type { RecordingSink } from './recording-sink.ts';
import { createVirtualClock } from './virtual-clock.ts';

export const IDENTITY: NodeIdentity = {
  nodeId: 'node_1',
  name: 'one',
  pool: 'main',
  kind: 'shared',
  accountId: 'acc_1',
};

export function wantOf(fields: Partial<NodeWant> = {}): NodeWant {
  return {
    pool: 'main',
    accountId: 'acc_2',
    model: 'small',
    chat: attemptRequestOf('hi').chat,
    needs: { tools: false, vision: false, thinking: false, jsonSchema: false, contextTokens: 100 },
    excludedNodes: new Set(),
    ...fields,
  };
}

/** A log that keeps its lines. */
export function createMemoryLog(): FleetLog & { lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (event: string, fields?: object) => {
    lines.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`);
  };
  return { lines, info: write('info'), warn: write('warn'), error: write('error') };
}

/** Lets what was queued for the end of the tick run: packed messages, notices. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export type Peer = {
  line: NodeLine;
  node: RawNode;
  socket: MemoryLine;
  /** Throws before the handshake is over. */
  readonly session: NodeSession;
};

/** Node sessions on a registry, in memory and on virtual time, with nodes that say what the test wants. */
export function createSessionBench(config: Partial<FleetConfig> = {}, random: RandomSource = () => 0) {
  const clock = createVirtualClock();
  const log = createMemoryLog();
  const registry = new Registry({ clock, random });
  const seen = { capacity: 0, closedWith: [] as number[], jobEnds: [] as string[] };
  const sessions = new NodeSessions({
    clock,
    random: () => 0.5,
    config: { ...DEFAULT_FLEET_CONFIG, ...config },
    log,
    metrics: {
      sessionOpened: () => undefined,
      sessionClosed: (code) => seen.closedWith.push(code),
      upgradeRefused: () => undefined,
      jobEnded: (cause) => seen.jobEnds.push(cause),
    },
    registry,
    onCapacity: () => {
      seen.capacity += 1;
    },
  });

  function connect(identity: NodeIdentity = IDENTITY): Peer {
    const socket = createMemoryLine((message) => node.take(message));
    const line = sessions.openLine(identity, socket);
    const node: RawNode = createRawNode((message) => line.onMessage(message));
    return {
      line,
      node,
      socket,
      get session() {
        if (line.session === undefined) throw new Error('no session yet');
        return line.session;
      },
    };
  }

  return {
    clock,
    log,
    registry,
    sessions,
    seen,
    connect,
    /** A node that has said hello and what it can do. */
    async ready(identity?: NodeIdentity, hello?: Partial<Hello>): Promise<Peer> {
      const peer = connect(identity);
      peer.node.hello(hello);
      peer.node.capabilities();
      await settle();
      return peer;
    },
    slot(fields?: Partial<NodeWant>): NodeSlot {
      const slot = registry.acquire(wantOf(fields));
      if (typeof slot === 'string') throw new Error(`no slot: ${slot}`);
      return slot;
    },
    /** Starts a job on the node's next stream. */
    start(
      text = 'hi',
      fields?: Partial<AttemptRequest>,
    ): { attempt: ReturnType<NodeSlot['start']>; sink: RecordingSink } {
      const sink = createRecordingSink();
      const attempt = this.slot().start(attemptRequestOf(text, fields), sink);
      return { attempt, sink };
    },
    free: () => registry.availability('main', 'small').freeSlots,
    /** Moves time on as the fleet's ticker does. */
    pass(byMs: number): void {
      for (let left = byMs; left > 0; left -= 250) {
        clock.advance(Math.min(left, 250));
        sessions.tick(clock.monotonicMs());
      }
    },
  };
}
