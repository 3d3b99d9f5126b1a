import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { isContentPart } from '@switchyard/protocol/parts.ts';
import type { Attempt, AttemptFault, AttemptRequest } from '../core/attempt.ts';
import { fault, type Fault } from '../core/errors.ts';
import type { Micros } from '../core/money.ts';
import { NOWHERE } from '../core/roster.ts';
import { createTryBudget, type TryBudget } from '../core/try-budget.ts';
import type { Receipt, Resolution } from '../ledger/ledger.ts';
import type { Target, Tried } from '../routing/target.ts';
import type { Admitted } from './admit.ts';
import type { Claim } from './idempotency.ts';
import { lowBalanceNotice } from './low-balance.ts';
import { createMeter, type Meter } from './meter.ts';
import { clientFault } from './adapt-fault.ts';
import { attemptRequestFor } from './attempt-request.ts';
import { continuableAnswer, type ContinuableAnswer } from './continuation.ts';
import { forgetPrompt } from './forget-prompt.ts';
import { busyFault, noTargetFault } from './no-target.ts';
import { PoisonWatch } from './poison.ts';
import { resolveHold } from './resolve-hold.ts';
import type { RunEnd } from './settle.ts';
import type { InferenceDeps, Run } from './deps.ts';
import { TextReply } from './text-reply.ts';
import { TrySink, type TryOwner } from './try-sink.ts';
import { workedTry, type WorkedTry } from './worked-try.ts';

/** A reader that left while its answer is drained for the true usage is waited for at most this long. */
const DRAIN_MAX_MS = 60_000;

/**
 * One admitted request from its first target to its receipt. It holds money from the start; whatever happens, the
 * hold is resolved exactly once (`#close`), and the last bytes of an answer leave after the ledger's commit.
 *
 * States: trying (no content yet) -> answering (content was delivered) -> closing (the ledger commits) -> done.
 */
export class TextRun implements Run {
  rosterPlace = NOWHERE;
  readonly #deps: InferenceDeps;
  readonly #admitted: Admitted;
  /** There with an `Idempotency-Key`. */
  readonly #claim: Claim | undefined;
  readonly #reply: TextReply;
  readonly #tryOwner: TryOwner;
  readonly #tried: Tried = { nodes: new Set(), upstreams: new Set() };
  readonly #tries: TryBudget;
  #meter: Meter;
  readonly #poison = new PoisonWatch();
  /** There when another node may go on in the answer. */
  readonly #continuable: ContinuableAnswer | undefined;
  #attempt: Attempt | undefined;
  /** What the present try was asked. */
  #asked: AttemptRequest | undefined;
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
    this.#meter = createMeter();
    this.#continuable = continuableAnswer(admitted);
    this.#reply = new TextReply(admitted, {
      onDrain: () => this.#attempt?.resume(),
      onGone: () => this.#clientGone(),
    });
    this.#tryOwner = {
      isPresent: (tryNumber) => tryNumber === this.#attemptNumber && this.#state !== 'closing',
      parts: (parts, relay) => this.#parts(parts, relay),
      answered: () => this.#answered(),
      failed: (attemptFault) => this.#attemptFailed(attemptFault),
    };
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
    this.#reply.tick(nowMs);
  }

  /** The server's time to drain is over: ends the request as one whose target was lost. */
  abort(): void {
    this.#stopAttempt();
    if (this.#state !== 'closing') this.#fail(fault('draining', { retryAfterMs: 2_000 }));
  }

  // ---- finding a target

  #nextTarget(): void {
    const { model, caller } = this.#admitted;
    const { needs, chat } = this.#continuable?.rest ?? this.#admitted;
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
    const { chat } = this.#continuable?.rest ?? this.#admitted;
    const { remoteModel } = target;
    const sink = new TrySink(this.#tryOwner, this.#attemptNumber);
    const asked = attemptRequestFor(this.#admitted, { chat, remoteModel, tries: this.#tries });
    this.#asked = asked;
    const attempt = target.start(asked, sink);
    // The sink may have been called before `start` returned, so an attempt that is over already is not kept: by now
    // another may have taken its place.
    if (sink.isListening()) this.#attempt = attempt;
  }

  // ---- an answer

  #parts(parts: readonly StreamPart[], relay: Buffer | undefined): void {
    this.#meter.note(parts);
    this.#continuable?.note(parts);
    this.#work?.note(parts);
    if (this.#state === 'trying' && parts.some(isContentPart)) {
      this.#state = 'answering';
      if (this.#firstPartMs < 0) this.#firstPartMs = this.#sinceStartMs();
      this.#forgetPrompt();
    }
    if (this.#clientGoneAtMs !== undefined) return;
    if (!this.#reply.parts(parts, relay, this.#deps.clock.monotonicMs())) this.#attempt?.pause();
  }

  /** Who has seen content is given no other try, unless another node may go on. */
  #forgetPrompt(): void {
    if (!this.#clientSawContent() || this.#continuable !== undefined || this.#asked === undefined) return;
    forgetPrompt(this.#admitted, this.#asked);
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
        this.#reply.fault(fault('ledger_unavailable'));
        return;
      }
      this.#reply.end(this.#meter, {
        finish,
        costMicros,
        isContinued: this.#isContinued(),
        endedAtMs: this.#deps.clock.nowMs(),
      });
    });
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
      this.#reply.restart();
      this.#nextTarget();
      return;
    }
    if (!clientSawContent && attemptFault.relay !== undefined && !this.#reply.committed) {
      this.#refuseAsProvider(attemptFault, attemptFault.relay);
      return;
    }
    this.#fail(clientSawContent ? fault('answer_interrupted') : clientFault(attemptFault));
  }

  /** Asks another node for the rest of the answer, where that is wanted and possible. The client sees one stream. */
  #goOnElsewhere(): boolean {
    const by = this.#target;
    if (by === undefined) return false;
    if (this.#continuable?.goOn(by, this.#meter.counter.outputTokens()) !== true) return false;
    this.#meter.goesOnElsewhere();
    this.#nextTarget();
    return true;
  }

  /** Ends the request with an error. What was delivered until then is settled by the written policy. */
  #fail(value: Fault): void {
    this.#leaveQueue?.();
    const end: RunEnd = { kind: this.#clientSawContent() ? 'interrupted' : 'failed', code: value.code };
    this.#close(end, () => this.#reply.fault(value));
  }

  /** A provider's refusal of the client's own request goes on as it is. */
  #refuseAsProvider({ code }: AttemptFault, relay: NonNullable<AttemptFault['relay']>): void {
    this.#leaveQueue?.();
    this.#close({ kind: 'failed', code }, () => this.#reply.refuseAsProvider(relay));
  }

  /** A client that waits for the whole answer has seen nothing of a half one. */
  #clientSawContent(): boolean {
    return this.#state === 'answering' && this.#admitted.decoded.stream;
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
    const meter = this.#meter;
    const work = this.#work;
    const { charge, receipt, costMicros, resolved } = resolveHold(this.#deps.ledger, {
      admitted: this.#admitted,
      end,
      meter,
      target: this.#target,
      work,
      attempts: this.#attemptCount(),
      firstPartMs: this.#firstPartMs,
      durationMs: this.#sinceStartMs(),
    });
    const tellIfLow = lowBalanceNotice(this.#deps, receipt);
    resolved
      .then((resolution) => {
        then(resolution, charge.chargeMicros);
        work?.settled({ end, charge, meter, resolution, isContinued: this.#isContinued() });
        this.#done(receipt, costMicros);
        tellIfLow(resolution);
      })
      .catch(() => {
        // Only a programming error gets here. The client gets an honest end; the hold dies with the process.
        this.#reply.fault(fault('internal_error'));
        this.#done(receipt, costMicros);
      });
  }

  #done(receipt: Receipt, costMicros: Micros | undefined): void {
    this.#admitted.permit.release();
    this.#claim?.ended(receipt);
    this.#deps.running.delete(this);
    this.#deps.observer.ended(receipt, costMicros);
  }

  #isContinued(): boolean {
    return this.#continuable?.rest !== undefined;
  }

  #attemptCount(): number {
    return this.#tried.nodes.size + this.#tried.upstreams.size;
  }

  #sinceStartMs(): number {
    return Math.round(this.#deps.clock.monotonicMs() - this.#admitted.exchange.startedMonotonicMs);
  }
}
