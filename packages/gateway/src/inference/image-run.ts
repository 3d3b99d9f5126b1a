import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import type { Attempt, AttemptFault } from '../core/attempt.ts';
import { fault, type Fault } from '../core/errors.ts';
import type { Picture } from '../core/image-attempt.ts';
import { picturePieces, pictureReplyBytes } from '../core/image-surface.ts';
import { openAiFaultBody } from '../core/fault-body.ts';
import { LIMITS } from '../core/limits.ts';
import { ZERO_MICROS } from '../core/money.ts';
import { NOWHERE } from '../core/roster.ts';
import type { Receipt } from '../ledger/ledger.ts';
import type { ImageTarget, ImageTicket } from '../routing/image-router.ts';
import { clientFault } from './adapt-fault.ts';
import { needsClassifier, type AdmittedImage } from './admit-image.ts';
import type { Claim } from './idempotency.ts';
import { lowBalanceNotice } from './low-balance.ts';
import type { Run } from './deps.ts';
import type { ImageDeps } from './image-deps.ts';
import { isStalled, ReplyWriter } from './reply-writer.ts';

/** A picture is tried on this many nodes, with the same recipe and seed. */
const ATTEMPTS_MAX = 2;
/** From here on a picture counts as adult. */
const ADULT_SCORE = 0.5;

type End = { kind: 'finished' } | { kind: 'failed'; fault: Fault } | { kind: 'client-closed' };

/**
 * One admitted picture from its first node to its receipt. The hold is resolved once (`#close`): charged when the whole
 * picture is there and may be handed out, released otherwise. The picture leaves after the ledger's commit and is kept
 * nowhere. The run lasts until the client has taken it: a picture that is read slowly counts as a request under way.
 */
export class ImageRun implements Run {
  rosterPlace = NOWHERE;
  readonly #deps: ImageDeps;
  readonly #admitted: AdmittedImage;
  readonly #claim: Claim | undefined;
  readonly #writer: ReplyWriter;
  /** Whether the client wants to hear how far it is. */
  readonly #tells: boolean;
  readonly #tried = new Set<string>();
  #target: ImageTarget | undefined;
  #attempt: Attempt | undefined;
  #ticket: ImageTicket | undefined;
  #toldPosition = 0;
  #firstSignMs = -1;
  #isClosing = false;
  /** What the client has not taken yet of the picture. */
  #rest: Iterator<string, undefined> | undefined;
  #picture: Picture | undefined;

  constructor(
    deps: ImageDeps,
    admitted: AdmittedImage,
    options: { claim: Claim | undefined; tells: boolean },
  ) {
    this.#deps = deps;
    this.#admitted = admitted;
    this.#claim = options.claim;
    this.#tells = options.tells;
    this.#writer = new ReplyWriter(admitted.exchange, {
      onDrain: () => this.#sendOn(),
      onGone: () => this.#clientGone(),
    });
  }

  start(): void {
    this.#deps.inference.running.add(this);
    this.#nextTarget();
  }

  /** About once a second: places in the queue, keepalives, clients that take nothing. */
  tick(nowMs: number): void {
    if (isStalled(this.#writer, nowMs)) {
      this.#writer.cut();
      return;
    }
    if (this.#isClosing || !this.#tells) return;
    this.#tellPosition();
    if (nowMs - this.#writer.lastWriteMs >= LIMITS.keepaliveMs) this.#writer.write(': waiting\n\n', nowMs);
  }

  /** The server's time to drain is over. */
  abort(): void {
    if (this.#rest !== undefined) return this.#writer.cut();
    this.#stop();
    this.#fail(fault('draining', { retryAfterMs: 2_000 }));
  }

  #nextTarget(): void {
    const { model, caller, decoded } = this.#admitted;
    const { width, height, nsfw } = decoded.image;
    const ask = { model, accountId: caller.account.id, pixels: width * height, nsfw, tried: this.#tried };
    const found = this.#deps.acquire(ask);
    if (found === 'none') return this.#fail(fault('server_is_overloaded'));
    if (found !== 'busy') return this.#try(found);
    const ticket = this.#deps.queue.enter(ask, (outcome) => {
      this.#ticket = undefined;
      if (outcome === 'timeout') this.#fail(fault('server_is_overloaded', { retryAfterMs: 5_000 }));
      else if (outcome === 'none') this.#fail(fault('server_is_overloaded'));
      else this.#try(outcome);
    });
    if (ticket === 'full') return this.#fail(fault('server_is_overloaded', { retryAfterMs: 5_000 }));
    this.#ticket = ticket;
    this.#tellPosition();
  }

  #try(target: ImageTarget): void {
    this.#target = target;
    this.#tried.add(target.nodeId);
    const { image } = this.#admitted.decoded;
    const isCurrent = (): boolean => this.#target === target && !this.#isClosing;
    this.#attempt = target.start(
      { ...image, recipe: target.recipe },
      {
        onProgress: (step, steps) => {
          if (!isCurrent()) return;
          if (this.#firstSignMs < 0) this.#firstSignMs = this.#sinceStartMs();
          this.#tell('rendering', { step, steps });
        },
        onEnd: (picture) => {
          if (isCurrent()) this.#rendered(picture);
          else picture.release();
        },
        onFault: (attemptFault) => {
          if (isCurrent()) this.#attemptFailed(attemptFault);
        },
      },
    );
    this.#tell('rendering', { step: 0, steps: image.steps });
  }

  #attemptFailed(attemptFault: AttemptFault): void {
    this.#attempt = undefined;
    this.#deps.inference.observer.attemptFailed({
      requestId: this.#admitted.exchange.requestId,
      routeName: this.#target?.pool ?? '',
      nodeId: this.#target?.nodeId ?? '',
      cause: attemptFault.cause,
    });
    if (attemptFault.blame === 'target' && this.#tried.size < ATTEMPTS_MAX) this.#retry(attemptFault);
    else this.#fail(clientFault(attemptFault));
  }

  /** Where no other node has the recipe, the client hears why the first one failed. */
  #retry(attemptFault: AttemptFault): void {
    const { model, caller, decoded } = this.#admitted;
    const { width, height, nsfw } = decoded.image;
    const ask = { model, accountId: caller.account.id, pixels: width * height, nsfw, tried: this.#tried };
    const found = this.#deps.acquire(ask);
    if (found === 'none') return this.#fail(clientFault(attemptFault));
    if (found === 'busy') return this.#nextTarget();
    this.#try(found);
  }

  #rendered(picture: Picture): void {
    this.#attempt = undefined;
    const { classifier } = this.#deps;
    const { model, decoded } = this.#admitted;
    if (!needsClassifier(decoded.image, model)) return this.#finish(picture);
    if (classifier === undefined) return this.#fail(fault('classifier_unavailable'));
    classifier.adultScore(picture.png).then(
      (score) => {
        // Anything that is no small number keeps the picture back.
        if (score < ADULT_SCORE) this.#finish(picture);
        else
          this.#fail(
            fault('content_policy_violation', {
              message: 'The picture was kept back by the content policy.',
            }),
          );
      },
      () => this.#fail(fault('classifier_unavailable')),
    );
  }

  #finish(picture: Picture): void {
    this.#close({ kind: 'finished' }, () => this.#sendPicture(picture));
  }

  #fail(value: Fault): void {
    this.#ticket?.leave();
    this.#close({ kind: 'failed', fault: value }, () => this.#sendFault(value));
  }

  #clientGone(): void {
    this.#stop();
    this.#close({ kind: 'client-closed' }, () => undefined);
    if (this.#rest !== undefined) this.#over();
  }

  #stop(): void {
    this.#ticket?.leave();
    this.#ticket = undefined;
    this.#attempt?.cancel();
    this.#attempt = undefined;
  }

  // ---- what the client reads

  #tellPosition(): void {
    const position = this.#ticket?.position() ?? 0;
    if (position === 0 || position === this.#toldPosition) return;
    this.#toldPosition = position;
    const { model, caller } = this.#admitted;
    const seconds = this.#deps.expectedWaitSeconds(model, position - 1, caller.account.id);
    const expected = seconds === undefined ? {} : { expected_wait_seconds: Math.ceil(seconds) };
    this.#tell('queued', { position, ...expected });
  }

  #tell(type: 'queued' | 'rendering', fields: object): void {
    if (!this.#tells || this.#isClosing) return;
    this.#writer.commitStream('text/event-stream');
    this.#writer.write(
      eventText(type, JSON.stringify({ type, ...fields })),
      this.#deps.inference.clock.monotonicMs(),
    );
  }

  #sendPicture(picture: Picture): void {
    if (this.#writer.ended) return picture.release();
    this.#picture = picture;
    const { png } = picture;
    const { surface, model, decoded, exchange, priceMicros } = this.#admitted;
    const around = surface.renderReply({
      requestId: exchange.requestId,
      modelId: model.id,
      image: decoded.image,
      costMicros: priceMicros,
      createdAtMs: exchange.startedAtMs,
    });
    if (this.#tells) {
      this.#writer.commitStream('text/event-stream');
      this.#rest = picturePieces(
        { before: `event: done\ndata: ${around.before}`, after: `${around.after}\n\n` },
        png,
      );
    } else {
      this.#writer.commitBody('application/json', pictureReplyBytes(around, png));
      this.#rest = picturePieces(around, png);
    }
    this.#sendOn();
  }

  /** Makes and writes pieces of the picture for as long as the client takes them. */
  #sendOn(): void {
    if (this.#rest === undefined) return;
    for (;;) {
      const { value: piece, done: isDone } = this.#rest.next();
      if (isDone === true) break;
      if (!this.#writer.write(piece, this.#deps.inference.clock.monotonicMs())) return;
    }
    this.#writer.endStream();
    this.#over();
  }

  #sendFault(value: Fault): void {
    const body = openAiFaultBody(value);
    if (this.#writer.committed) this.#writer.breakOff(eventText('error', body));
    else this.#writer.endFault(value, body);
  }

  // ---- money and receipt

  #close(end: End, then: () => void): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { ledger, nodeWork } = this.#deps.inference;
    const { hold, priceMicros, model } = this.#admitted;
    const receipt = this.#receiptOf(end);
    const isPaid = end.kind === 'finished' && priceMicros > 0;
    const earner = nodeWork.earner(receipt.nodeId, model);
    const resolved = isPaid
      ? ledger.settle(hold, { amountMicros: priceMicros, receipt, earner })
      : ledger.release(hold, receipt);
    const tellIfLow = lowBalanceNotice(this.#deps.inference, receipt);
    resolved
      .then((resolution) => {
        const { outcome } = resolution;
        tellIfLow(resolution);
        if (end.kind === 'finished' && outcome === 'ledger-unavailable')
          this.#sendFault(fault('ledger_unavailable'));
        else then();
      })
      // Only a programming error gets here. The client gets an honest end; the hold dies with the process.
      .catch(() => {
        this.#rest = undefined;
        this.#sendFault(fault('internal_error'));
      })
      .finally(() => {
        this.#claim?.ended(receipt);
        this.#deps.inference.observer.ended(receipt);
        if (this.#rest === undefined) this.#over();
      });
  }

  /** The client has its reply, or is gone. Idempotent. */
  #over(): void {
    if (!this.#deps.inference.running.delete(this)) return;
    this.#rest = undefined;
    this.#picture?.release();
    this.#admitted.permit.release();
  }

  #receiptOf(end: End): Receipt {
    const { exchange, caller, model, hold, price, priceMicros } = this.#admitted;
    const isPaid = end.kind === 'finished';
    const freePolicy = end.kind === 'failed' ? 'failed' : 'client-left-before-output';
    return {
      requestId: exchange.requestId,
      accountId: caller.account.id,
      keyId: caller.key.id,
      modelId: model.id,
      surface: 'images',
      routeKind: this.#target === undefined ? 'none' : 'pool',
      routeName: this.#target?.pool ?? '',
      nodeId: this.#target?.nodeId ?? '',
      streamed: this.#tells,
      startedAtMs: exchange.startedAtMs,
      firstPartMs: this.#firstSignMs,
      durationMs: this.#sinceStartMs(),
      usage: NO_USAGE,
      usageSource: 'none',
      end: isPaid ? 'stop' : end.kind,
      errorCode: end.kind === 'failed' ? end.fault.code : '',
      heldMicros: hold.amountMicros,
      chargedMicros: isPaid ? priceMicros : ZERO_MICROS,
      priceVersion: price.version,
      attempts: this.#tried.size,
      policy: isPaid ? 'flat-complete' : this.#target === undefined ? 'not-dispatched' : freePolicy,
      cutAtHold: false,
    };
  }

  #sinceStartMs(): number {
    return Math.round(this.#deps.inference.clock.monotonicMs() - this.#admitted.exchange.startedMonotonicMs);
  }
}

function eventText(type: string, json: string): string {
  return `event: ${type}\ndata: ${json}\n\n`;
}
