import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import { isContentPart } from '@switchyard/protocol/parts.ts';
import type { Attempt, AttemptFault, AttemptSink } from '../core/attempt.ts';
import { fault, type Fault } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Micros } from '../core/money.ts';
import type { ReplyEncoder } from '../core/surface.ts';
import { createTryBudget, type TryBudget } from '../core/try-budget.ts';
import type { Receipt, Resolution } from '../ledger/ledger.ts';
import type { Target, Tried } from '../routing/target.ts';
import type { Admitted } from './admit.ts';
import type { Claim } from './idempotency.ts';
import { noticeLowBalance } from './low-balance.ts';
import { createMeter, type Meter } from './meter.ts';
import { adaptFault, clientFault } from './adapt-fault.ts';
import { CONTINUATIONS_MAX, continuationOf, keepSentText } from './continuation.ts';
import type { Continuation, SentText } from './continuation.ts';
import { busyFault, noTargetFault } from './no-target.ts';
import { PoisonWatch } from './poison.ts';
import { isStalled, ReplyWriter } from './reply-writer.ts';
import { receiptOf, settlementOf, type RunEnd } from './settle.ts';
import type { InferenceDeps } from './deps.ts';
import { upstreamCost } from './upstream-cost.ts';
import { workedTry, type WorkedTry } from './worked-try.ts';

/** A reader that left while its answer is drained for the true usage is waited for at most this long. */
const DRAIN_MAX_MS = 60_000;

/**
 * One admitted request from its first target to its receipt. It holds money from the start; whatever happens, the
 * hold is resolved exactly once (`#close`), and the last bytes of an answer leave after the ledger's commit.
 *
 * States: trying (no content yet) -> answering (content was delivered) -> closing (the ledger commits) -> done.
 */
export class TextRun {
  readonly #deps: InferenceDeps;
  readonly #admitted: Admitted;
  /** There with an `Idempotency-Key`. */
  readonly #claim: Claim | undefined;
  readonly #writer: ReplyWriter;
  readonly #tried: Tried = { nodes: new Set(), upstreams: new Set() };
  readonly #tries: TryBudget;
  #encoder: ReplyEncoder;
  #meter: Meter;
  readonly #poison = new PoisonWatch();
  /** There when another node may go on in the answer. */
  readonly #sent: SentText | undefined;
  /** The rest of an answer that was begun elsewhere. */
  #continuation: Continuation | undefined;
  #continuations = 0;
  #attempt: Attempt | undefined;
  /** The present try, when it is at a node of a pool. */
  #work: WorkedTry | undefined;
  #attemptNumber = 0;
  #target: Target | undefined;
  #leaveQueue: (() => void) | undefined;
  #lastFault: AttemptFault | undefined;
  #state: 'trying' | 'answering' | 'closing' = 'trying';
  #firstPartMs = -1;
  #clientGoneAtMs: number | undefined;

  constructor(deps: InferenceDeps, admitted: Admitted, claim?: Claim) {
    this.#deps = deps;
    this.#admitted = admitted;
    this.#claim = claim;
    this.#tries = createTryBudget(deps.retry, deps.clock);
    this.#encoder = this.#newEncoder();
    this.#meter = createMeter();
    this.#sent = keepSentText(admitted);
    this.#writer = new ReplyWriter(admitted.exchange, {
      onDrain: () => this.#attempt?.resume(),
      onGone: () => this.#clientGone(),
    });
  }

  start(): void {
    this.#deps.running.add(this);
    this.#nextTarget();
  }

  /** Called about once a second with monotonic time: commits headers, keeps streams alive, cuts dead readers. */
  tick(nowMs: number): void {
    if (this.#state === 'closing') return;
    if (this.#clientGoneAtMs !== undefined) {
      if (nowMs - this.#clientGoneAtMs > DRAIN_MAX_MS) this.#endAfterClientLeft();
      return;
    }
    if (isStalled(this.#writer, nowMs)) {
      this.#writer.cut();
      return;
    }
    if (!this.#admitted.decoded.stream) return;
    const silentMs = nowMs - this.#writer.lastWriteMs;
    if (!this.#writer.committed) {
      if (silentMs < LIMITS.headersCommitMs) return;
      this.#writer.commitStream(this.#encoder.contentType);
    }
    if (silentMs >= LIMITS.keepaliveMs) {
      const keepalive = this.#encoder.keepalive();
      if (keepalive !== '') this.#writer.write(keepalive, nowMs);
    }
  }

  /** The server's time to drain is over: ends the request as one whose target was lost. */
  abort(): void {
    this.#stopAttempt();
    if (this.#state !== 'closing') this.#fail(fault('draining', { retryAfterMs: 2_000 }));
  }

  #newEncoder(): ReplyEncoder {
    const { decoded, exchange, estimatedInputTokens } = this.#admitted;
    return decoded.openReply({
      requestId: exchange.requestId,
      model: decoded.model,
      createdAtMs: exchange.startedAtMs,
      estimatedInputTokens,
    });
  }

  // ---- finding a target

  #nextTarget(): void {
    const { model, caller } = this.#admitted;
    const { needs, chat } = this.#continuation ?? this.#admitted;
    const ask = { model, needs, chat, accountId: caller.account.id, tried: this.#tried };
    const found = this.#deps.router.acquire(ask);
    if (found === 'none') {
      this.#failUnanswered(this.#noTargetFault());
      return;
    }
    if (found !== 'busy') {
      this.#try(found);
      return;
    }
    const entered = this.#deps.queue.enter(ask, (outcome) => {
      this.#leaveQueue = undefined;
      if (outcome === 'timeout') this.#failUnanswered(busyFault(model));
      else if (outcome === 'none') this.#failUnanswered(this.#noTargetFault());
      else this.#try(outcome);
    });
    if (entered === 'full') this.#failUnanswered(busyFault(model));
    else this.#leaveQueue = () => entered.leave();
  }

  /** Nobody takes the request. Who has seen the beginning of an answer is told that it broke. */
  #failUnanswered(value: Fault): void {
    this.#fail(this.#clientSawContent() ? fault('answer_interrupted') : value);
  }

  #noTargetFault(): Fault {
    const { router } = this.#deps;
    const { model, caller } = this.#admitted;
    return noTargetFault(model, {
      lastFault: this.#lastFault,
      restsForMs: router.waitMs(model),
      nodesOnline: router.availability(model, caller.account.id).nodesOnline,
    });
  }

  #try(target: Target): void {
    this.#attemptNumber += 1;
    this.#tries.take();
    this.#target = target;
    this.#work = workedTry(this.#deps, this.#admitted, target);
    if (target.kind !== 'upstream') this.#tried.nodes.add(target.nodeId);
    else this.#tried.upstreams.add(target.name);
    const { decoded, exchange, estimatedInputTokens, surface, model } = this.#admitted;
    const { chat } = this.#continuation ?? this.#admitted;
    const { nativeOnly } = decoded;
    const { reasoningEffort: setEffort } = model.settings;
    const sink = this.#sinkFor(this.#attemptNumber);
    const attempt = target.start(
      {
        chat,
        remoteModel: target.remoteModel,
        replyModel: decoded.model,
        stream: decoded.stream,
        tries: this.#tries,
        estimatedInputTokens,
        ...(nativeOnly === undefined ? {} : { nativeOnly }),
        ...(setEffort === undefined ? {} : { setEffort }),
        original: { dialect: surface.dialect, body: exchange.body, rawHeaders: exchange.rawHeaders },
      },
      sink,
    );
    // The sink may have been called before `start` returned, so an attempt that is over already is not kept: by now
    // another may have taken its place.
    if (sink.isListening()) this.#attempt = attempt;
  }

  /**
   * Late calls of an attempt that was given up are dropped by its number, and what it says after its own end by
   * `isOver`: the request may wait in the queue then, where its number is still the last one.
   */
  #sinkFor(attemptNumber: number): AttemptSink & { isListening(): boolean } {
    let isOver = false;
    const current = () => !isOver && attemptNumber === this.#attemptNumber && this.#state !== 'closing';
    return {
      isListening: current,
      onParts: (parts, relay) => {
        if (current()) this.#parts(parts, relay);
      },
      onAlive: () => undefined,
      onEnd: () => {
        if (!current()) return;
        isOver = true;
        this.#answered();
      },
      onFault: (attemptFault) => {
        if (!current()) return;
        isOver = true;
        this.#attemptFailed(attemptFault);
      },
    };
  }

  // ---- an answer

  #parts(parts: readonly StreamPart[], relay: Buffer | undefined): void {
    this.#meter.note(parts);
    this.#sent?.note(parts);
    this.#work?.note(parts);
    if (this.#state === 'trying' && parts.some(isContentPart)) {
      this.#state = 'answering';
      if (this.#firstPartMs < 0) this.#firstPartMs = this.#sinceStartMs();
    }
    if (this.#clientGoneAtMs !== undefined) return;
    const bytes = this.#encoder.parts(parts, relay);
    if (bytes.length === 0) return;
    this.#writer.commitStream(this.#encoder.contentType);
    if (!this.#writer.write(bytes, this.#deps.clock.monotonicMs())) this.#attempt?.pause();
  }

  #answered(): void {
    this.#attempt = undefined;
    this.#work?.answered();
    const finish = this.#meter.finish();
    if (finish === undefined) {
      this.#attemptFailed({ code: 'upstream_failed', blame: 'target', cause: 'truncated' });
      return;
    }
    this.#close({ kind: 'finished', finish }, (resolution, costMicros) => {
      if (resolution.outcome === 'ledger-unavailable') {
        this.#sendFault(fault('ledger_unavailable'));
        return;
      }
      this.#sendEnd(finish, costMicros);
    });
  }

  #sendEnd(finish: FinishReason, costMicros: Receipt['chargedMicros']): void {
    const stopSequence = this.#stopSequence();
    const last = this.#encoder.end({
      finish,
      ...(stopSequence === undefined ? {} : { stopSequence }),
      usage: this.#meter.usage(),
      costMicros,
      isContinued: this.#continuations > 0,
      endedAtMs: this.#deps.clock.nowMs(),
    });
    if (this.#admitted.decoded.stream) {
      this.#writer.commitStream(this.#encoder.contentType);
      this.#writer.endStream(last);
    } else {
      this.#writer.endJson(200, this.#encoder.contentType, last);
    }
  }

  /** Only what the client itself named: a target cannot put words here. */
  #stopSequence(): string | undefined {
    const told = this.#meter.stopSequence();
    return told !== undefined && this.#admitted.chat.stop.includes(told) ? told : undefined;
  }

  // ---- failures

  #attemptFailed(attemptFault: AttemptFault): void {
    const target = this.#target;
    this.#attempt = undefined;
    this.#lastFault = attemptFault;
    this.#deps.observer.attemptFailed({
      requestId: this.#admitted.exchange.requestId,
      routeName: target?.name ?? '',
      nodeId: target?.nodeId ?? '',
      cause: attemptFault.cause,
    });
    if (this.#clientGoneAtMs !== undefined) {
      this.#endAfterClientLeft();
      return;
    }
    const clientSawContent = this.#clientSawContent();
    if (clientSawContent && attemptFault.blame === 'target' && this.#goOnElsewhere()) return;
    if (this.#poison.proves(target, attemptFault) && !clientSawContent) {
      this.#fail(fault('unprocessable_request'));
      return;
    }
    if (attemptFault.blame === 'target' && !clientSawContent && this.#tries.allows(0)) {
      this.#state = 'trying';
      this.#meter = createMeter();
      this.#encoder = this.#newEncoder();
      this.#nextTarget();
      return;
    }
    if (!clientSawContent && attemptFault.relay !== undefined && !this.#writer.committed) {
      this.#refuseAsProvider(attemptFault, attemptFault.relay);
      return;
    }
    this.#fail(clientSawContent ? fault('answer_interrupted') : clientFault(attemptFault));
  }

  /** Asks another node for the rest of the answer, where that is wanted and possible. The client sees one stream. */
  #goOnElsewhere(): boolean {
    const text = this.#sent?.text();
    const by = this.#target;
    if (text === undefined || by === undefined || this.#continuations >= CONTINUATIONS_MAX) return false;
    const tokens = this.#meter.counter.outputTokens();
    const continuation = continuationOf(this.#admitted, { text, tokens, by });
    if (continuation === undefined) return false;
    this.#continuation = continuation;
    this.#continuations += 1;
    this.#meter.goesOnElsewhere();
    this.#nextTarget();
    return true;
  }

  /** Ends the request with an error. What was delivered until then is settled by the written policy. */
  #fail(value: Fault): void {
    this.#leaveQueue?.();
    const end: RunEnd = { kind: this.#clientSawContent() ? 'interrupted' : 'failed', code: value.code };
    this.#close(end, () => this.#sendFault(value));
  }

  /** A provider's refusal of the client's own request goes on as it is. */
  #refuseAsProvider({ code }: AttemptFault, { status, body }: NonNullable<AttemptFault['relay']>): void {
    this.#leaveQueue?.();
    this.#close({ kind: 'failed', code }, () => this.#writer.endJson(status, 'application/json', body));
  }

  /** A client that waits for the whole answer has seen nothing of a half one. */
  #clientSawContent(): boolean {
    return this.#state === 'answering' && this.#admitted.decoded.stream;
  }

  #sendFault(value: Fault): void {
    const { surface, exchange } = this.#admitted;
    if (this.#writer.committed) {
      this.#writer.breakOff(this.#encoder.fault(value));
      return;
    }
    const adapted = adaptFault(surface, value, exchange);
    this.#writer.endFault(adapted, surface.renderFault(adapted, exchange.requestId));
  }

  // ---- a client that leaves

  #clientGone(): void {
    if (this.#state === 'closing') return;
    this.#clientGoneAtMs = this.#deps.clock.monotonicMs();
    if (this.#state === 'answering' && this.#target?.onDisconnect === 'drain') {
      this.#attempt?.resume();
      return;
    }
    this.#endAfterClientLeft();
  }

  #endAfterClientLeft(): void {
    this.#stopAttempt();
    this.#close({ kind: 'client-closed' }, () => undefined);
  }

  #stopAttempt(): void {
    this.#leaveQueue?.();
    this.#leaveQueue = undefined;
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#attemptNumber += 1;
    attempt?.cancel();
  }

  // ---- money and receipt

  /** The one place where the hold is resolved. `then` writes the last bytes, after the commit. */
  #close(end: RunEnd, then: (resolution: Resolution, costMicros: Receipt['chargedMicros']) => void): void {
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    const admitted = this.#admitted;
    const meter = this.#meter;
    const work = this.#work;
    const charge = settlementOf({ admitted, end, meter, target: this.#target, watch: work?.watch });
    const receipt = receiptOf({
      admitted,
      end,
      charge,
      target: this.#target,
      attempts: this.#attemptCount(),
      firstPartMs: this.#firstPartMs,
      durationMs: this.#sinceStartMs(),
    });
    const costMicros = upstreamCost({ admitted, target: this.#target, charge, meter });
    const amountMicros = charge.chargeMicros;
    const resolved =
      amountMicros > 0
        ? this.#deps.ledger.settle(admitted.hold, { amountMicros, receipt, earner: work?.earner() })
        : this.#deps.ledger.release(admitted.hold, receipt);
    resolved
      .then((resolution) => {
        then(resolution, amountMicros);
        work?.settled({ end, charge, meter, resolution, isContinued: this.#continuations > 0 });
        this.#done(receipt, costMicros);
      })
      .catch(() => {
        // Only a programming error gets here. The client gets an honest end; the hold dies with the process.
        this.#sendFault(fault('internal_error'));
        this.#done(receipt, costMicros);
      });
  }

  #done(receipt: Receipt, costMicros: Micros | undefined): void {
    this.#admitted.permit.release();
    this.#claim?.ended(receipt);
    this.#deps.running.delete(this);
    this.#deps.observer.ended(receipt, costMicros);
    noticeLowBalance(this.#deps, receipt);
  }

  #attemptCount(): number {
    return this.#tried.nodes.size + this.#tried.upstreams.size;
  }

  #sinceStartMs(): number {
    return Math.round(this.#deps.clock.monotonicMs() - this.#admitted.exchange.startedMonotonicMs);
  }
}
