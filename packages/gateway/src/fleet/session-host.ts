import type { CloseCode } from '@switchyard/protocol/link/close-codes.ts';
import type { Hello, Notice } from '@switchyard/protocol/link/messages.ts';
import type { WriterLine } from '@switchyard/protocol/link/writer.ts';
import type { Clock, RandomSource } from '../core/clock.ts';
import { errorFields } from '../core/log.ts';
import type { FleetConfig, FleetLog, FleetMetrics } from './fleet-config.ts';
import type { NodeIdentity } from './fleet.ts';
import type { ModelRecord } from './model-record.ts';
import type { NodeLine } from './node-line.ts';
import type { NodeSession } from './node-session.ts';

/** A WebSocket as a line uses it, so that tests can stand in for it. */
export type LinkSocket = WriterLine & { close(code: number, reason: string): void };

/** Closes a connection for a fault of ours. */
const CLOSE_INTERNAL_ERROR = 1011;

/** Runs a task of one node: a fault of ours ends what it belongs to, not the gateway. */
export function guarded(
  task: () => void,
  owner: { log: FleetLog; nodeId: string; end(code: LineEnd, reason: string): void },
): void {
  try {
    task();
  } catch (error) {
    owner.log.error('node_session_failed', { nodeId: owner.nodeId, ...errorFields(error) });
    owner.end(CLOSE_INTERNAL_ERROR, 'internal error');
  }
}

export type LineEnd = CloseCode | typeof CLOSE_INTERNAL_ERROR;

export type SessionHost = {
  clock: Clock;
  config: FleetConfig;
  log: FleetLog;
  metrics: FleetMetrics;
  nextEpoch(): number;
  /** The newest version of the connector that this gateway knows. */
  newestAgent?: string;
  /** What the owner of a node is told when it connects. */
  noticeFor?: (nodeId: string) => Notice | undefined;
  /** What was seen of a node's models so far, by alias; it is kept after the session. */
  recordsOf(nodeId: string): Map<string, ModelRecord>;
  /** The session is there: an older one of the same node has to go. */
  onWelcomed(session: NodeSession): void;
  /** The set of models changed. */
  onCapabilities(session: NodeSession): void;
  /** A slot may have become free. */
  onCapacity(): void;
  onEnded(session: NodeSession): void;
};

export type LineHost = Pick<SessionHost, 'clock' | 'config' | 'log'> & {
  random: RandomSource;
  openSession(identity: NodeIdentity, hello: Hello): NodeSession;
  /** The session that the node names, when it is this program's and has not ended. */
  sessionToResume(identity: NodeIdentity, hello: Hello): NodeSession | undefined;
  onLineEnded(line: NodeLine): void;
};
