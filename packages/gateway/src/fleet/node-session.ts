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
  fitsStream,
  isKnownType,
  RECORD_FLAGS,
  RECORD_TYPES,
} from '@switchyard/protocol/link/frame.ts';
import type { LinkRecord } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS, LINK_TIMES } from '@switchyard/protocol/link/limits.ts';
import {
  encodeBody,
  encodeWindow,
  parseDrain,
  parseHello,
  parseWindow,
} from '@switchyard/protocol/link/messages.ts';
import { LinkWriter } from '@switchyard/protocol/link/writer.ts';
import type { ImageRequest } from '@switchyard/protocol/image.ts';
import type { Attempt, AttemptFault, AttemptRequest, AttemptSink } from '../core/attempt.ts';
import { randomBase62 } from '../core/ids.ts';
import type { ImageSink } from '../core/image-attempt.ts';
import type { Pass } from '../core/breaker.ts';
import { errorFields } from '../core/log.ts';
import type { NodeIdentity, NodeStatus } from './fleet.ts';
import { Heartbeat } from './heartbeat.ts';
import { ImageAnswer } from './image-answer.ts';
import { TextAnswer } from './job-answer.ts';
import type { JobAnswer } from './job-answer.ts';
import { failedAttempt, imageWorkOf, textWorkOf } from './job-offer.ts';
import type { JobWork } from './job-offer.ts';
import { NodeCapacity } from './node-capacity.ts';
import { BODY_TOO_LARGE, countsAgainstNode, NODE_LOST } from './node-faults.ts';
import { NodeJob } from './node-job.ts';
import type { JobOutcome } from './node-job.ts';
import type { LinkSocket, SessionHost } from './session-host.ts';
import { SlicedBody } from './sliced-body.ts';
import { createRecordBudget, ONCE_PER_JOB, spendRecord } from './session-rules.ts';
import type { RecordBudget } from './session-rules.ts';

/** A node that leaves more cancels than this unanswered is broken. */
const STUCK_JOBS_MAX = 16;
/** The last odd u32. */
const LAST_STREAM = 0xffff_ffff;
/** A broken line, as WebSocket libraries report it. */
const CLOSE_BROKEN = 1006;
const CLOSE_INTERNAL_ERROR = 1011;

/** A slot for a model, and the breaker's leave to use it. */
export type TakenSlot = { alias: string; pass: Pass };

/**
 * One connection of one node: handshake, capabilities, liveness, and the jobs on its streams. Everything that comes
 * is checked; the first breach of the protocol closes the connection with its code and fails the jobs as lost.
 *
 * Bounds: a stream window per job and `connectionWindowBytes` in all; one capability report; no queue of records.
 */
export class NodeSession {
  readonly identity: NodeIdentity;
  readonly sessionId = randomBase62(16);
  readonly capacity: NodeCapacity;
  readonly #host: SessionHost;
  readonly #socket: LinkSocket;
  readonly #writer: LinkWriter;
  readonly #window = createReceiveWindow(LINK_LIMITS.connectionWindowBytes);
  readonly #jobs = new Map<number, NodeJob>();
  /** Those of them that were given up without an answer to CANCEL. */
  readonly #stuckJobs = new Set<NodeJob>();
  readonly #heartbeat: Heartbeat;
  readonly #connectedAtMs: number;
  readonly #capabilityBody = new SlicedBody(LINK_LIMITS.capabilitiesMaxBytes);
  /** Records that no job or window limits: status, pings, signs of life, late and unknown ones. */
  readonly #recordBudget: RecordBudget;
  readonly #capabilityBudget: RecordBudget;
  #nextSeq = 1;
  #nextStream = 1;
  #isWelcomed = false;
  #isEnded = false;
  #isDraining = false;
  #retryAfterMs: number | undefined;

  constructor(identity: NodeIdentity, socket: LinkSocket, host: SessionHost) {
    this.identity = identity;
    this.capacity = new NodeCapacity(identity, host.recordsOf(identity.nodeId));
    this.#host = host;
    this.#socket = socket;
    const nowMs = host.clock.monotonicMs();
    this.#heartbeat = new Heartbeat(host.random, nowMs);
    this.#connectedAtMs = host.clock.nowMs();
    this.#recordBudget = createRecordBudget(2_000, 400, nowMs);
    this.#capabilityBudget = createRecordBudget(10, 1, nowMs);
    this.#writer = new LinkWriter({
      send: (message, sent) => socket.send(message, sent),
      bufferedBytes: () => socket.bufferedBytes(),
      schedule: (flush) => queueMicrotask(flush),
      onOverflow: () => this.end(CLOSE_CODES.tooMany, 'nothing is read'),
    });
  }

  /** Whether new jobs may be offered. */
  get isOpen(): boolean {
    return this.#isWelcomed && !this.#isEnded && !this.#isDraining;
  }

  get roundTripMs(): number {
    return this.#heartbeat.roundTripMs;
  }

  get hasJobs(): boolean {
    return this.#jobs.size > 0;
  }

  status(): NodeStatus {
    return {
      nodeId: this.identity.nodeId,
      name: this.identity.name,
      pool: this.identity.pool,
      sessionId: this.sessionId,
      connectedAtMs: this.#connectedAtMs,
      ...this.capacity.report(),
      roundTripMs: this.#heartbeat.roundTripMs,
      state: this.#isDraining ? 'draining' : this.capacity.state,
    };
  }

  /**
   * Offers a job. The slot must have been taken, with its pass; it is given back when the node has let go of it.
   */
  startJob(taken: TakenSlot, request: AttemptRequest, sink: AttemptSink): Attempt {
    const model = this.capacity.model(taken.alias);
    const work = textWorkOf(taken.alias, request, { model, deadlineMs: this.#host.config.jobDeadlineMs });
    return this.#offer(taken, work ?? BODY_TOO_LARGE, new TextAnswer(sink));
  }

  /** The same for a picture. Its first sign may come as late as its end. */
  startImageJob(taken: TakenSlot, request: ImageRequest, sink: ImageSink): Attempt {
    const work = imageWorkOf(request, this.capacity.recipe(taken.alias));
    return this.#offer(taken, work, new ImageAnswer(request, sink));
  }

  #offer({ alias, pass }: TakenSlot, work: JobWork | AttemptFault, answer: JobAnswer): Attempt {
    const offered = this.#isEnded || this.#nextStream > LAST_STREAM ? NODE_LOST : work;
    if ('cause' in offered) {
      this.giveBack({ alias, pass });
      return failedAttempt(offered, (fault) => answer.fault(fault));
    }
    const job = new NodeJob({
      stream: this.#nextStream,
      alias,
      ...offered,
      answer,
      host: {
        writer: this.#writer,
        nowMs: () => this.#host.clock.monotonicMs(),
        onSlotFree: () => this.#onSlotFree(job),
        onClosed: () => this.#onJobClosed(job),
        onOutcome: (outcome) => this.#onOutcome(job, pass, outcome),
      },
    });
    this.#nextStream += 2;
    this.#jobs.set(job.stream, job);
    return job;
  }

  /** Frees a slot that was taken and not used. */
  giveBack({ alias, pass }: TakenSlot): void {
    this.capacity.record(alias).unknown(pass, this.#host.clock.monotonicMs());
    this.capacity.give(alias);
    this.#host.onCapacity();
  }

  onMessage(message: Uint8Array): void {
    if (this.#isEnded) return;
    this.#heartbeat.heard(this.#host.clock.monotonicMs());
    this.#guard(() => this.#readMessage(message));
  }

  /** The line is gone. */
  onSocketClosed(): void {
    this.#finish(CLOSE_BROKEN);
  }

  /** Closes the connection. Its jobs fail as lost. */
  end(code: CloseCode | typeof CLOSE_INTERNAL_ERROR, reason: string): void {
    if (this.#isEnded) return;
    this.#writer.flush();
    this.#finish(code);
    this.#socket.close(code, reason);
  }

  /** Offers nothing more; closes when the last job has ended, and tells the node when to come back. */
  drain(retryAfterMs: number): void {
    if (this.#isEnded || this.#retryAfterMs !== undefined) return;
    this.#isDraining = true;
    this.#retryAfterMs = retryAfterMs;
    if (this.#isWelcomed) {
      this.#writer.control(RECORD_TYPES.drain, 0, encodeBody({ graceMs: this.#host.config.jobDeadlineMs }));
    }
    this.#closeWhenDrained();
  }

  tick(nowMs: number): void {
    if (!this.#isEnded) this.#guard(() => this.#tick(nowMs));
  }

  #tick(nowMs: number): void {
    const view = { isWelcomed: this.#isWelcomed, hasJobs: this.hasJobs };
    switch (this.#heartbeat.due(view, nowMs)) {
      case 'hello-timeout':
        return this.end(CLOSE_CODES.protocol, 'no hello');
      case 'dead':
        return this.end(CLOSE_CODES.silent, 'silent');
      case 'ping':
        this.#writer.control(RECORD_TYPES.ping, 0, this.#heartbeat.ping(nowMs));
        break;
      case 'none':
        break;
    }
    for (const job of this.#jobs.values()) job.tick(nowMs);
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
      const job = record.stream === 0 ? undefined : this.#jobs.get(record.stream);
      if (job !== undefined) touched.add(job);
      const breach = this.#onRecord(record, job);
      if (breach !== undefined) this.end(breach, 'protocol');
      if (this.#isEnded) return;
    }
    for (const job of touched) job.flushParts();
    const addBytes = takeGrant(this.#window);
    if (addBytes > 0) this.#writer.control(RECORD_TYPES.window, 0, encodeWindow(addBytes));
  }

  #onRecord(record: LinkRecord, job: NodeJob | undefined): CloseCode | undefined {
    if (!this.#isWelcomed) return this.#onHello(record);
    const { type, body } = record;
    if (type === RECORD_TYPES.data) {
      // Counted as read at once: what a stream may hold is bounded by its own window, and a stalled one must not
      // take the connection's window away from the others.
      if (!receiveBytes(this.#window, body.byteLength)) return CLOSE_CODES.tooBig;
      consumeBytes(this.#window, body.byteLength);
    } else if (!ONCE_PER_JOB.has(type) && !spendRecord(this.#recordBudget, this.#heartbeat.lastInboundMs)) {
      return CLOSE_CODES.tooMany;
    }
    if (record.stream !== 0 && job === undefined) return this.#onLateRecord(record);
    const isNext = job === undefined ? record.seq === this.#nextSeq++ : job.takeSeq(record.seq);
    if (!isNext) return CLOSE_CODES.protocol;
    if (!isKnownType(type))
      return (record.flags & RECORD_FLAGS.optional) === 0 ? CLOSE_CODES.protocol : undefined;
    if (!fitsStream(type, record.stream)) return CLOSE_CODES.protocol;
    return job === undefined ? this.#onConnectionRecord(record) : job.onRecord(record);
  }

  #onHello(record: LinkRecord): CloseCode | undefined {
    if (record.type !== RECORD_TYPES.hello || record.stream !== 0 || record.seq !== 1)
      return CLOSE_CODES.protocol;
    const hello = parseHello(record.body);
    if (!hello.ok) return CLOSE_CODES.protocol;
    this.#nextSeq = 2;
    this.#isWelcomed = true;
    const welcome = {
      sessionId: this.sessionId,
      epoch: this.#host.nextEpoch(),
      heartbeatMs: LINK_TIMES.pingIdleMs,
      serverTimeMs: this.#host.clock.nowMs(),
      features: [],
      newestAgent: this.#host.newestAgent,
    };
    this.#writer.control(RECORD_TYPES.welcome, 0, encodeBody(welcome));
    this.#host.onWelcomed(this);
    return undefined;
  }

  #onConnectionRecord(record: LinkRecord): CloseCode | undefined {
    switch (record.type) {
      case RECORD_TYPES.capabilities:
        return this.#onCapabilities(record);
      case RECORD_TYPES.status: {
        const report = parseNodeStatusReport(record.body);
        if (!report.ok) return CLOSE_CODES.protocol;
        if (this.capacity.setStatus(report.value)) this.#host.onCapacity();
        return undefined;
      }
      case RECORD_TYPES.window: {
        const addBytes = parseWindow(record.body);
        return addBytes !== undefined && this.#writer.grant(0, addBytes) ? undefined : CLOSE_CODES.protocol;
      }
      case RECORD_TYPES.ping:
        if (record.body.byteLength !== 8) return CLOSE_CODES.protocol;
        this.#writer.control(RECORD_TYPES.pong, 0, record.body.slice());
        return undefined;
      case RECORD_TYPES.pong:
        this.#heartbeat.pong(record.body);
        return undefined;
      case RECORD_TYPES.drain:
        if (!parseDrain(record.body).ok) return CLOSE_CODES.protocol;
        this.#isDraining = true;
        return undefined;
      default:
        return CLOSE_CODES.protocol;
    }
  }

  #onCapabilities(record: LinkRecord): CloseCode | undefined {
    const isLast = (record.flags & RECORD_FLAGS.end) !== 0;
    if (!this.#capabilityBody.add(record.body)) return CLOSE_CODES.tooBig;
    if (!isLast) return undefined;
    if (!spendRecord(this.#capabilityBudget, this.#heartbeat.lastInboundMs)) return CLOSE_CODES.tooMany;
    const capabilities = parseCapabilities(this.#capabilityBody.take());
    if (!capabilities.ok) {
      // The path is made of our own field names and of numbers, so it may be told.
      this.end(CLOSE_CODES.protocol, `capabilities: ${capabilities.path}`);
      return undefined;
    }
    this.capacity.setCapabilities(capabilities.value);
    this.#host.onCapabilities(this);
    this.#host.onCapacity();
    return undefined;
  }

  /** A record of a stream that has ended. Dropped; the budget of records bounds how many. */
  #onLateRecord(record: LinkRecord): CloseCode | undefined {
    if (record.stream % 2 === 0 || record.stream >= this.#nextStream) return CLOSE_CODES.protocol;
    if (record.type !== RECORD_TYPES.data && !ONCE_PER_JOB.has(record.type)) return undefined;
    return spendRecord(this.#recordBudget, this.#heartbeat.lastInboundMs) ? undefined : CLOSE_CODES.tooMany;
  }

  #onSlotFree(job: NodeJob): void {
    this.capacity.give(job.alias);
    if (job.phase === 'stuck') {
      this.#stuckJobs.add(job);
      this.#host.log.warn('node_job_stuck', { nodeId: this.identity.nodeId, count: this.#stuckJobs.size });
      if (this.#stuckJobs.size > STUCK_JOBS_MAX) this.end(CLOSE_CODES.protocol, 'cancel is not answered');
    }
    this.#host.onCapacity();
  }

  #onJobClosed(job: NodeJob): void {
    this.#jobs.delete(job.stream);
    this.#stuckJobs.delete(job);
    this.#closeWhenDrained();
  }

  #onOutcome(job: NodeJob, pass: Pass, outcome: JobOutcome): void {
    this.#host.metrics.jobEnded(outcome.end === 'failed' ? outcome.fault.cause : outcome.end);
    const record = this.capacity.record(job.alias);
    const nowMs = this.#host.clock.monotonicMs();
    if (outcome.end === 'finished') record.finished(pass, nowMs, job.charsPerSecond());
    else if (outcome.end === 'failed' && countsAgainstNode(outcome.fault)) record.failed(pass, nowMs);
    else record.unknown(pass, nowMs);
  }

  #closeWhenDrained(): void {
    if (this.#retryAfterMs === undefined || this.#isEnded || this.hasJobs) return;
    const goAway = { closeCode: CLOSE_CODES.draining, retryAfterMs: this.#retryAfterMs };
    if (this.#isWelcomed) this.#writer.control(RECORD_TYPES.goaway, 0, encodeBody(goAway));
    this.end(CLOSE_CODES.draining, 'draining');
  }

  /** A fault of ours on the way of one node's records ends that node's connection, not the gateway. */
  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#host.log.error('node_session_failed', { nodeId: this.identity.nodeId, ...errorFields(error) });
      this.end(CLOSE_INTERNAL_ERROR, 'internal error');
    }
  }

  #finish(code: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#writer.stop();
    for (const job of this.#jobs.values()) this.#guard(() => job.lost());
    this.#host.metrics.sessionClosed(code);
    const fields = { nodeId: this.identity.nodeId, sessionId: this.sessionId, code };
    if (code === CLOSE_CODES.protocol || code === CLOSE_CODES.tooBig)
      this.#host.log.warn('node_closed', fields);
    else this.#host.log.info('node_closed', fields);
    this.#host.onEnded(this);
  }
}
