import { parseCapabilities, parseNodeStatusReport } from '@switchyard/protocol/link/capabilities.ts';
import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { CloseCode } from '@switchyard/protocol/link/close-codes.ts';
import {
  consumeBytes,
  createReceiveWindow,
  receiveBytes,
  takeGrant,
} from '@switchyard/protocol/link/flow.ts';
import {
  decodeMessage,
  encodeMessage,
  fitsStream,
  isKnownType,
  RECORD_FLAGS,
  RECORD_TYPES,
} from '@switchyard/protocol/link/frame.ts';
import type { LinkRecord } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import {
  encodeBody,
  encodeWindow,
  parseDrain,
  parseHello,
  parseStreamSeqs,
  parseWindow,
} from '@switchyard/protocol/link/messages.ts';
import type { GoAway, Hello } from '@switchyard/protocol/link/messages.ts';
import { RESUME_FEATURE } from '@switchyard/protocol/link/replay.ts';
import { isOlderAgent } from './agent-version.ts';
import type { NodeIdentity } from './fleet.ts';
import { Heartbeat } from './heartbeat.ts';
import type { NodeJob } from './node-job.ts';
import type { NodeSession } from './node-session.ts';
import { guarded } from './session-host.ts';
import type { LineEnd, LineHost, LinkSocket } from './session-host.ts';
import { createRecordBudget, ONCE_PER_JOB, spendRecord } from './session-rules.ts';
import type { RecordBudget } from './session-rules.ts';
import { SlicedBody } from './sliced-body.ts';

/** `resume`: HELLO named a session, and RESUME has to follow. */
type Phase = 'hello' | 'resume' | 'open' | 'ended';

/**
 * One connection of one node: its handshake, its liveness, and the checks of everything that comes. The first breach
 * of the protocol closes it with its code and ends the session. A line that just breaks may leave the session waiting
 * for the next one.
 *
 * Bounds: `connectionWindowBytes` under way; one capability report; a budget of records that no job limits; no queue.
 */
export class NodeLine {
  readonly identity: NodeIdentity;
  readonly socket: LinkSocket;
  readonly #host: LineHost;
  readonly #window = createReceiveWindow(LINK_LIMITS.connectionWindowBytes);
  readonly #heartbeat: Heartbeat;
  readonly #capabilityBody = new SlicedBody(LINK_LIMITS.capabilitiesMaxBytes);
  /** Records that no job or window limits: status, pings, signs of life, late and unknown ones. */
  readonly #recordBudget: RecordBudget;
  readonly #capabilityBudget: RecordBudget;
  #phase: Phase = 'hello';
  #hello: Hello | undefined;
  #session: NodeSession | undefined;
  #nextSeq = 1;

  constructor(identity: NodeIdentity, socket: LinkSocket, host: LineHost) {
    this.identity = identity;
    this.socket = socket;
    this.#host = host;
    const nowMs = host.clock.monotonicMs();
    this.#heartbeat = new Heartbeat(host.random, nowMs);
    this.#recordBudget = createRecordBudget(2_000, 400, nowMs);
    this.#capabilityBudget = createRecordBudget(10, 1, nowMs);
  }

  /** Undefined until the handshake is over. */
  get session(): NodeSession | undefined {
    return this.#session;
  }

  get roundTripMs(): number {
    return this.#heartbeat.roundTripMs;
  }

  onMessage(message: Uint8Array): void {
    if (this.#phase === 'ended') return;
    this.#heartbeat.heard(this.#host.clock.monotonicMs());
    this.#guard(() => this.#readMessage(message));
  }

  /** The line is gone. `code`: the peer's close code; 1006 when it said none. */
  onSocketClosed(code: number): void {
    if (this.#phase === 'ended') return;
    this.#ended(code);
    this.#session?.onLineLost(code);
  }

  /** Ends the connection, and the session that runs over it. */
  end(code: LineEnd, reason: string): void {
    if (this.#phase === 'ended') return;
    if (this.#session === undefined) this.close(code, reason);
    else this.#session.end(code, reason);
  }

  /** Closes the connection only: its session is over, or runs over another one. */
  close(code: LineEnd, reason: string): void {
    if (this.#phase === 'ended') return;
    this.#ended(code);
    this.socket.close(code, reason);
  }

  tick(nowMs: number): void {
    if (this.#phase === 'ended') return;
    const view = { isWelcomed: this.#phase === 'open', hasJobs: this.#session?.hasJobs ?? false };
    switch (this.#heartbeat.due(view, nowMs)) {
      case 'hello-timeout':
        return this.end(CLOSE_CODES.protocol, 'no hello');
      case 'dead':
        return this.end(CLOSE_CODES.silent, 'silent');
      case 'ping':
        this.#session?.writer.control(RECORD_TYPES.ping, 0, this.#heartbeat.ping(nowMs));
        break;
      case 'none':
        break;
    }
  }

  #readMessage(message: Uint8Array): void {
    const decoded = decodeMessage(message);
    if (!decoded.ok) {
      this.end(
        decoded.error === 'message-too-large' ? CLOSE_CODES.tooBig : CLOSE_CODES.protocol,
        decoded.error,
      );
      return;
    }
    const touched = new Set<NodeJob>();
    for (const record of decoded.records) {
      const breach = this.#onRecord(record, touched);
      if (breach !== undefined) this.end(breach, 'protocol');
      if (this.#hasEnded()) return;
    }
    this.#session?.onMessageRead(touched);
    const addBytes = takeGrant(this.#window);
    if (addBytes > 0) this.#session?.writer.control(RECORD_TYPES.window, 0, encodeWindow(addBytes));
  }

  #onRecord(record: LinkRecord, touched: Set<NodeJob>): CloseCode | undefined {
    const session = this.#session;
    if (session === undefined) return this.#onHandshake(record);
    const { type, body, stream } = record;
    const job = stream === 0 ? undefined : session.job(stream);
    if (type === RECORD_TYPES.data) {
      // Counted as read at once: what a stream may hold is bounded by its own window, and a stalled one must not
      // take the connection's window away from the others.
      if (!receiveBytes(this.#window, body.byteLength)) return CLOSE_CODES.tooBig;
      consumeBytes(this.#window, body.byteLength);
    } else if (!ONCE_PER_JOB.has(type) && !this.#spendRecord()) {
      return CLOSE_CODES.tooMany;
    }
    if (stream !== 0 && job === undefined) return this.#onLateRecord(record, session);
    if (job !== undefined) touched.add(job);
    const isNext = job === undefined ? record.seq === this.#nextSeq++ : job.takeSeq(record);
    if (!isNext) return CLOSE_CODES.protocol;
    if (!isKnownType(type))
      return (record.flags & RECORD_FLAGS.optional) === 0 ? CLOSE_CODES.protocol : undefined;
    if (!fitsStream(type, stream)) return CLOSE_CODES.protocol;
    return job === undefined ? this.#onConnectionRecord(record, session) : job.onRecord(record);
  }

  // ---- handshake

  #onHandshake(record: LinkRecord): CloseCode | undefined {
    if (record.stream !== 0 || record.seq !== this.#nextSeq++) return CLOSE_CODES.protocol;
    return this.#hello === undefined ? this.#onHello(record) : this.#onResume(record, this.#hello);
  }

  #onHello(record: LinkRecord): CloseCode | undefined {
    const hello = record.type === RECORD_TYPES.hello ? parseHello(record.body) : undefined;
    if (hello === undefined || !hello.ok) return CLOSE_CODES.protocol;
    const { minAgentVersion } = this.#host.config;
    if (isOlderAgent(hello.value.agentVersion, minAgentVersion)) {
      this.#turnAway({ closeCode: CLOSE_CODES.upgradeNeeded, minAgentVersion });
      return undefined;
    }
    this.#hello = hello.value;
    if (hello.value.resumeSessionId === undefined) this.#welcome(hello.value);
    else this.#phase = 'resume';
    return undefined;
  }

  #onResume(record: LinkRecord, hello: Hello): CloseCode | undefined {
    const received = record.type === RECORD_TYPES.resume ? parseStreamSeqs(record.body) : undefined;
    if (received === undefined || !hello.features.includes(RESUME_FEATURE)) return CLOSE_CODES.protocol;
    const session = this.#host.sessionToResume(this.identity, hello);
    if (session === undefined) {
      this.#welcome(hello);
      return undefined;
    }
    this.#phase = 'open';
    this.#session = session;
    return session.resume(this, received);
  }

  #welcome(hello: Hello): void {
    this.#phase = 'open';
    this.#session = this.#host.openSession(this.identity, hello);
    this.#session.start(this);
  }

  /** Says why before there is a session. Old programs read the close code and its words. */
  #turnAway(goAway: GoAway): void {
    const record = { type: RECORD_TYPES.goaway, flags: RECORD_FLAGS.end, stream: 0, seq: 1 };
    this.socket.send(encodeMessage([{ ...record, body: encodeBody(goAway) }]), () => undefined);
    this.close(CLOSE_CODES.upgradeNeeded, `update the connector to ${goAway.minAgentVersion} or newer`);
  }

  // ---- records of the connection

  #onConnectionRecord(record: LinkRecord, session: NodeSession): CloseCode | undefined {
    const { body } = record;
    switch (record.type) {
      case RECORD_TYPES.capabilities:
        return this.#onCapabilities(record, session);
      case RECORD_TYPES.status: {
        const report = parseNodeStatusReport(body);
        if (!report.ok) return CLOSE_CODES.protocol;
        session.setStatus(report.value);
        return undefined;
      }
      case RECORD_TYPES.window: {
        const addBytes = parseWindow(body);
        return addBytes !== undefined && session.writer.grant(0, addBytes) ? undefined : CLOSE_CODES.protocol;
      }
      case RECORD_TYPES.ack: {
        const acks = parseStreamSeqs(body);
        const isSound = acks?.every((ack) => session.writer.acknowledge(ack)) ?? false;
        return isSound ? undefined : CLOSE_CODES.protocol;
      }
      case RECORD_TYPES.ping:
        if (body.byteLength !== 8) return CLOSE_CODES.protocol;
        session.writer.control(RECORD_TYPES.pong, 0, body.slice());
        return undefined;
      case RECORD_TYPES.pong:
        this.#heartbeat.pong(body);
        return undefined;
      case RECORD_TYPES.drain:
        if (!parseDrain(body).ok) return CLOSE_CODES.protocol;
        session.onNodeDrains();
        return undefined;
      default:
        return CLOSE_CODES.protocol;
    }
  }

  #onCapabilities(record: LinkRecord, session: NodeSession): CloseCode | undefined {
    const isLast = (record.flags & RECORD_FLAGS.end) !== 0;
    if (!this.#capabilityBody.add(record.body)) return CLOSE_CODES.tooBig;
    if (!isLast) return undefined;
    if (!spendRecord(this.#capabilityBudget, this.#heartbeat.lastInboundMs)) return CLOSE_CODES.tooMany;
    const capabilities = parseCapabilities(this.#capabilityBody.take());
    // The path is made of our own field names and of numbers, so it may be told.
    if (capabilities.ok) session.setCapabilities(capabilities.value);
    else this.end(CLOSE_CODES.protocol, `capabilities: ${capabilities.path}`);
    return undefined;
  }

  /** A record of a stream that has ended. Dropped; the budget of records bounds how many. */
  #onLateRecord({ stream, type }: LinkRecord, session: NodeSession): CloseCode | undefined {
    if (!session.wasOpened(stream)) return CLOSE_CODES.protocol;
    if (type !== RECORD_TYPES.data && !ONCE_PER_JOB.has(type)) return undefined;
    return this.#spendRecord() ? undefined : CLOSE_CODES.tooMany;
  }

  #spendRecord(): boolean {
    return spendRecord(this.#recordBudget, this.#heartbeat.lastInboundMs);
  }

  #hasEnded(): boolean {
    return this.#phase === 'ended';
  }

  #ended(code: number): void {
    this.#phase = 'ended';
    this.#host.onLineEnded(this);
    if (this.#session === undefined)
      this.#host.log.info('node_closed', { nodeId: this.identity.nodeId, code });
  }

  /** A fault of ours on the way of one node's records ends that node's connection, not the gateway. */
  #guard(task: () => void): void {
    guarded(task, {
      log: this.#host.log,
      nodeId: this.identity.nodeId,
      end: (code, reason) => this.end(code, reason),
    });
  }
}
