import type { Capabilities, NodeStatusReport } from '@switchyard/protocol/link/capabilities.ts';
import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { CloseCode } from '@switchyard/protocol/link/close-codes.ts';
import { RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import { LINK_TIMES } from '@switchyard/protocol/link/limits.ts';
import { encodeBody, encodeStreamSeqs } from '@switchyard/protocol/link/messages.ts';
import type { GoAway, Hello, Notice, Welcome } from '@switchyard/protocol/link/messages.ts';
import { RESUME_FEATURE } from '@switchyard/protocol/link/replay.ts';
import type { StreamSeq } from '@switchyard/protocol/link/replay.ts';
import { LinkWriter } from '@switchyard/protocol/link/writer.ts';
import type { ImageRequest } from '@switchyard/protocol/image.ts';
import type { Attempt, AttemptFault, AttemptRequest, AttemptSink } from '../core/attempt.ts';
import type { ImageSink } from '../core/image-attempt.ts';
import type { Pass } from '../core/breaker.ts';
import { randomBase62 } from '../core/ids.ts';
import { Roster } from '../core/roster.ts';
import type { NodeIdentity, NodeStatus } from './fleet.ts';
import { ImageAnswer } from './image-answer.ts';
import { TextAnswer } from './job-answer.ts';
import type { JobAnswer } from './job-answer.ts';
import { failedAttempt, imageWorkOf, textWorkOf } from './job-offer.ts';
import type { JobWork } from './job-offer.ts';
import { NodeCapacity } from './node-capacity.ts';
import { BODY_TOO_LARGE, countsAgainstNode, isNodeAway, NODE_LOST } from './node-faults.ts';
import type { ModelRecord } from './model-record.ts';
import { NodeJob } from './node-job.ts';
import type { JobOutcome } from './node-job.ts';
import type { NodeLine } from './node-line.ts';
import { guarded } from './session-host.ts';
import type { LineEnd, SessionHost } from './session-host.ts';
import { mayReturn } from './session-rules.ts';

/** A node that leaves more cancels than this unanswered is broken. */
const STUCK_JOBS_MAX = 16;
/** The last odd u32. */
const LAST_STREAM = 0xffff_ffff;

/** A slot for a model, and the breaker's leave to use it. */
export type TakenSlot = { alias: string; pass: Pass };

/** How nodes are let go: when they may come back, and how long their jobs may go on. */
export type DrainTimes = { retryAfterMs: number; graceMs: number };
/** Why: the gateway shuts down, or the node alone is to stay away until it is resumed. */
export type DrainCode = typeof CLOSE_CODES.draining | typeof CLOSE_CODES.suspended;

/**
 * One node while it is here: what it can do, and the jobs on its streams. It sends and receives over a line. When the
 * line breaks and the node can resume, its jobs and slots are held until it is back, at most `resumeMs`; without it
 * they are lost.
 */
export class NodeSession {
  readonly identity: NodeIdentity;
  readonly sessionId = randomBase62(16);
  readonly capacity: NodeCapacity;
  readonly writer: LinkWriter;
  readonly #host: SessionHost;
  readonly #hello: Hello;
  readonly #isResumable: boolean;
  readonly #jobs = new Roster<NodeJob>();
  /** Those of them that were given up without an answer to CANCEL. */
  readonly #stuckJobs = new Set<NodeJob>();
  readonly #connectedAtMs: number;
  /** Of jobs that have just closed: what was received is still to be acknowledged. */
  #lastAcks: StreamSeq[] = [];
  #ackedAtMs = 0;
  #line: NodeLine | undefined;
  #heldSinceMs: number | undefined;
  /** It let an offer lie, and nothing was heard of it since: it hangs, or its line does. */
  #isMute = false;
  #nextStream = 1;
  #isEnded = false;
  #isDraining = false;
  #leave: { closeCode: DrainCode; retryAfterMs: number } | undefined;

  constructor(identity: NodeIdentity, hello: Hello, host: SessionHost) {
    this.identity = identity;
    this.capacity = new NodeCapacity(identity, host.recordsOf(identity.nodeId));
    this.#host = host;
    this.#hello = hello;
    this.#isResumable = hello.features.includes(RESUME_FEATURE);
    this.#connectedAtMs = host.clock.nowMs();
    this.writer = new LinkWriter({
      schedule: (flush) => queueMicrotask(flush),
      onOverflow: () => this.end(CLOSE_CODES.tooMany, 'nothing is read'),
    });
  }

  /** Whether new jobs may be offered. */
  get isOpen(): boolean {
    return this.#line !== undefined && !this.#isDraining && !this.#isMute;
  }

  /** Whether it has lost its connection, or hangs, and is likely to be back soon. */
  get isAwaited(): boolean {
    const isAway = this.#heldSinceMs !== undefined || this.#isMute;
    return isAway && !this.#isEnded && !this.#isDraining;
  }

  get roundTripMs(): number {
    return this.#line?.roundTripMs ?? 0;
  }

  get hasJobs(): boolean {
    return this.#jobs.size > 0;
  }

  status(): NodeStatus {
    const state = this.#isDraining ? 'draining' : this.capacity.state;
    return {
      nodeId: this.identity.nodeId,
      name: this.identity.name,
      pool: this.identity.pool,
      sessionId: this.sessionId,
      connectedAtMs: this.#connectedAtMs,
      ...this.capacity.report(this.#host.clock.monotonicMs()),
      roundTripMs: this.roundTripMs,
      state: this.#heldSinceMs === undefined ? state : 'reconnecting',
    };
  }

  // ---- the line

  /** Begins on the node's line. */
  start(line: NodeLine): void {
    this.#take(line);
    const notice = this.#host.noticeFor?.(this.identity.nodeId);
    if (notice !== undefined) this.tell(notice);
    this.#host.onWelcomed(this);
  }

  /** Whether this is the session that the node names, and the same run of its program. */
  isOf(hello: Hello): boolean {
    const isNamed = hello.resumeSessionId === this.sessionId && hello.instanceId === this.#hello.instanceId;
    return isNamed && this.#isResumable && !this.#isEnded;
  }

  /**
   * Goes on over another line, also when the loss of the one before was not noticed here. Sends again what the node
   * lacks. A close code: the node cannot have received what it says.
   */
  resume(line: NodeLine, received: readonly StreamSeq[]): CloseCode | undefined {
    const older = this.#line;
    this.#take(line);
    older?.close(CLOSE_CODES.replaced, 'resumed');
    this.#heldSinceMs = undefined;
    const isKnown = received.every(({ stream }) => this.wasOpened(stream));
    const mine = [...this.#jobs].map((job) => job.goOn());
    this.writer.control(RECORD_TYPES.resumed, 0, encodeStreamSeqs(mine));
    if (!isKnown || !this.writer.replay(received)) return CLOSE_CODES.protocol;
    this.#log('node_resumed', { count: this.#jobs.size });
    this.#host.onCapacity();
    return undefined;
  }

  /** The line broke, or was closed by the node with this code. */
  onLineLost(code: number): void {
    if (this.#isEnded) return;
    const isHeld = mayReturn({ code, isResumable: this.#isResumable, hasJobs: this.hasJobs });
    if (!isHeld || this.#leave !== undefined) return this.#finish(CLOSE_BROKEN);
    this.#line = undefined;
    this.#heldSinceMs = this.#host.clock.monotonicMs();
    this.writer.detach();
    for (const job of this.#jobs) job.hold();
    this.#log('node_held', { code, count: this.#jobs.size });
  }

  /** Tells the owner why the session is about to be ended. */
  sayWhy(goAway: GoAway): void {
    if (!this.#isEnded) this.writer.control(RECORD_TYPES.goaway, 0, encodeBody(goAway));
  }

  /** Closes the connection. The jobs fail as lost. */
  end(code: LineEnd, reason: string): void {
    if (this.#isEnded) return;
    this.writer.flush();
    const line = this.#line;
    this.#finish(code);
    line?.close(code, reason);
  }

  #take(line: NodeLine): void {
    this.#line = line;
    this.writer.attach(line.socket, { sentRecords: 0, keepsUnacknowledged: this.#isResumable });
    const { newestAgent } = this.#host;
    const welcome: Welcome = {
      sessionId: this.sessionId,
      epoch: this.#host.nextEpoch(),
      heartbeatMs: LINK_TIMES.pingIdleMs,
      serverTimeMs: this.#host.clock.nowMs(),
      features: this.#isResumable ? [RESUME_FEATURE] : [],
      ...(newestAgent === undefined ? {} : { newestAgent }),
    };
    this.writer.control(RECORD_TYPES.welcome, 0, encodeBody(welcome));
  }

  /** Tells the owner something. Nothing is kept for a node that is away: it hears of it when it connects. */
  tell(notice: Notice): void {
    if (!this.#isEnded && this.#line !== undefined)
      this.writer.control(RECORD_TYPES.notice, 0, encodeBody(notice));
  }

  // ---- what the node says about itself

  setCapabilities(capabilities: Capabilities): void {
    this.capacity.setCapabilities(capabilities);
    this.#host.onCapabilities(this);
    this.#host.onCapacity();
  }

  setStatus(report: NodeStatusReport): void {
    if (this.capacity.setStatus(report)) this.#host.onCapacity();
  }

  onNodeDrains(): void {
    this.#isDraining = true;
  }

  // ---- jobs

  job(stream: number): NodeJob | undefined {
    return this.#jobs.find((job) => job.stream === stream);
  }

  /** Whether a job was ever offered on this stream. */
  wasOpened(stream: number): boolean {
    return stream % 2 === 1 && stream < this.#nextStream;
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
    const offered = this.#line === undefined || this.#nextStream > LAST_STREAM ? NODE_LOST : work;
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
        writer: this.writer,
        nowMs: () => this.#host.clock.monotonicMs(),
        onSlotFree: () => this.#onSlotFree(job),
        onClosed: () => this.#onJobClosed(job),
        onOutcome: (outcome) => this.#onOutcome(job, pass, outcome),
      },
    });
    this.#nextStream += 2;
    this.#jobs.add(job);
    return job;
  }

  /** Frees a slot that was taken and not used. */
  giveBack({ alias, pass }: TakenSlot): void {
    this.capacity.record(alias).unknown(pass, this.#host.clock.monotonicMs());
    this.capacity.give(alias);
    this.#host.onCapacity();
  }

  /** A message was read to its end: hands its parts on, and acknowledges what has become much. */
  onMessageRead(touched: ReadonlySet<NodeJob>): void {
    if (this.#isMute) {
      this.#isMute = false;
      this.#host.onCapacity();
    }
    const acks = this.#lastAcks;
    this.#lastAcks = [];
    for (const job of touched) {
      job.flushParts();
      if (job.isAckDue()) acks.push(...job.takeAck());
    }
    this.#acknowledge(acks);
  }

  tick(nowMs: number): void {
    if (this.#isEnded) return;
    if (this.#heldSinceMs !== undefined && nowMs - this.#heldSinceMs >= LINK_TIMES.resumeMs) {
      this.#finish(CLOSE_BROKEN);
      return;
    }
    this.#guard(() => {
      for (const job of this.#jobs) job.tick(nowMs);
    });
    if (nowMs - this.#ackedAtMs < LINK_TIMES.ackMs) return;
    this.#ackedAtMs = nowMs;
    this.#acknowledge([...this.#jobs].flatMap((job) => job.takeAck()));
  }

  #acknowledge(acks: readonly StreamSeq[]): void {
    if (acks.length > 0 && this.#isResumable)
      this.writer.control(RECORD_TYPES.ack, 0, encodeStreamSeqs(acks));
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
    this.#jobs.delete(job);
    this.#stuckJobs.delete(job);
    this.#lastAcks.push(...job.takeAck());
    this.#closeWhenDrained();
  }

  #onOutcome(job: NodeJob, pass: Pass, outcome: JobOutcome): void {
    this.#host.metrics.jobEnded(outcome.end === 'failed' ? outcome.fault.cause : outcome.end);
    const record = this.capacity.record(job.alias);
    const nowMs = this.#host.clock.monotonicMs();
    if (outcome.end === 'failed') this.#onFailed(record, { pass, job, nowMs, fault: outcome.fault });
    else if (outcome.end === 'finished') record.finished(pass, nowMs, job.charsPerSecond());
    else record.unknown(pass, nowMs);
  }

  #onFailed(
    record: ModelRecord,
    { pass, job, nowMs, fault }: { pass: Pass; job: NodeJob; nowMs: number; fault: AttemptFault },
  ): void {
    if (fault.cause === 'accept-timeout') this.#isMute = true;
    if (isNodeAway(fault)) record.lost(pass, { offeredAtMs: job.offeredAtMs, nowMs });
    else if (countsAgainstNode(fault)) record.failed(pass, nowMs);
    else record.unknown(pass, nowMs);
  }

  // ---- the end

  /**
   * Offers nothing more; closes when the last job has ended, and tells the node when to come back. A node that is
   * away at this moment could not come back to this gateway, so its jobs are lost.
   */
  drain({ retryAfterMs, graceMs }: DrainTimes, closeCode: DrainCode = CLOSE_CODES.draining): void {
    if (this.#isEnded || this.#leave !== undefined) return;
    this.#isDraining = true;
    this.#leave = { closeCode, retryAfterMs };
    if (this.#line === undefined) return this.#finish(closeCode);
    this.writer.control(RECORD_TYPES.drain, 0, encodeBody({ graceMs, retryAfterMs }));
    this.#closeWhenDrained();
  }

  #closeWhenDrained(): void {
    if (this.#leave === undefined || this.#isEnded || this.hasJobs) return;
    this.writer.control(RECORD_TYPES.goaway, 0, encodeBody(this.#leave));
    this.end(this.#leave.closeCode, 'draining');
  }

  /** A fault of ours ends this session, not the gateway. */
  #guard(task: () => void): void {
    guarded(task, {
      log: this.#host.log,
      nodeId: this.identity.nodeId,
      end: (code, reason) => this.end(code, reason),
    });
  }

  #finish(code: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#line = undefined;
    this.writer.stop();
    for (const job of this.#jobs) this.#guard(() => job.lost());
    this.#host.metrics.sessionClosed(code);
    const isBreach = code === CLOSE_CODES.protocol || code === CLOSE_CODES.tooBig;
    this.#log('node_closed', { code }, isBreach ? 'warn' : 'info');
    this.#host.onEnded(this);
  }

  #log(event: string, fields: { code?: number; count?: number }, level: 'info' | 'warn' = 'info'): void {
    const { nodeId } = this.identity;
    this.#host.log[level](event, { nodeId, sessionId: this.sessionId, ...fields });
  }
}

/** A broken line, as WebSocket libraries report it. */
const CLOSE_BROKEN = 1006;
