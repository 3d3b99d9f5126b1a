import type { AttemptFault } from '../../core/attempt.ts';
import type { Breaker, BreakerRules, Pass, Verdict } from '../../core/breaker.ts';
import { breakerWaitMs, enterBreaker, NEW_BREAKER, noteVerdict } from '../../core/breaker.ts';

/** Which key: never the key itself. `position` counts from 1 in the order of the configuration. */
export type KeyLabel = { position: number; name: string };

export type KeyObserver = {
  /** The provider refuses the key, or lets it use up nothing more. Told once, until it works again. */
  keySetAside(key: KeyLabel, cause: string): void;
  keyWorksAgain(key: KeyLabel): void;
  keyRests(key: KeyLabel, pauseMs: number): void;
};

/** One try with a key. */
export type KeyVisit = { remoteModel: string; startedMs: number; key: Pass; model: Pass };

/** The first pause of a key after 429 without `retry-after`, and the longest. Each further one doubles. */
const REST_FIRST_MS = 500;
const REST_MAX_MS = 60_000;

/** A key that is set aside is tried with one request after this long, and then ever more seldom. */
const ASIDE = { openMs: 60_000, maxOpenMs: 3_600_000 };
const REFUSED: BreakerRules = { ...ASIDE, failures: 1 };
/** What a single odd request can bring about, too, is believed when nothing else comes for a while. */
const REFUSED_REPEATEDLY: BreakerRules = { ...ASIDE, failures: 3 };

/**
 * What is known of one key at its provider. A key that is refused (401), or whose account is empty (402), is set aside;
 * one that may not use a model (403) is set aside for that model only; one that is too fast (429) rests for as long as
 * the provider says.
 */
export class ProviderKey {
  readonly label: KeyLabel;
  readonly #observer: KeyObserver;
  readonly #forbidden = new Map<string, Breaker>();
  #refusal = NEW_BREAKER;
  #restUntilMs = 0;
  #restsInRow = 0;

  constructor(label: KeyLabel, observer: KeyObserver) {
    this.label = label;
    this.#observer = observer;
  }

  /** How long until it may be used for a model, ms. 0: now. */
  waitMs(remoteModel: string, nowMs: number): number {
    const forbidden = this.#forbidden.get(remoteModel) ?? NEW_BREAKER;
    return Math.max(
      this.#restUntilMs - nowMs,
      breakerWaitMs(this.#refusal, nowMs),
      breakerWaitMs(forbidden, nowMs),
      0,
    );
  }

  /** Only when `waitMs` says 0. */
  enter(remoteModel: string, nowMs: number): KeyVisit {
    const refusal = enterBreaker(this.#refusal, nowMs);
    this.#refusal = refusal.breaker;
    const forbidden = this.#forbidden.get(remoteModel);
    if (forbidden === undefined) return { remoteModel, startedMs: nowMs, key: refusal.pass, model: 0 };
    const model = enterBreaker(forbidden, nowMs);
    this.#forbidden.set(remoteModel, model.breaker);
    return { remoteModel, startedMs: nowMs, key: refusal.pass, model: model.pass };
  }

  /** The provider has taken the request with this key. */
  accepted(visit: KeyVisit, nowMs: number): void {
    if (visit.startedMs >= this.#restUntilMs) this.#restsInRow = 0;
    this.#noteKey(visit, 'success', { rules: REFUSED, cause: '', nowMs });
    this.#noteModel(visit, 'success', nowMs);
  }

  /** The provider has said 401 or 402 (`key`), 403 (`key-model`) or 429 (`rate`). */
  failed(
    visit: KeyVisit,
    about: 'key' | 'key-model' | 'rate',
    { fault, nowMs }: { fault: AttemptFault; nowMs: number },
  ): void {
    const { cause } = fault;
    const rules = cause === 'auth' ? REFUSED : REFUSED_REPEATEDLY;
    this.#noteKey(visit, about === 'key' ? 'failure' : 'none', { rules, cause, nowMs });
    this.#noteModel(visit, about === 'key-model' ? 'failure' : 'none', nowMs);
    if (about === 'rate') this.#rest(visit, fault.retryAfterMs ?? 0, nowMs);
  }

  /** The try said nothing about the key. */
  abandoned(visit: KeyVisit, nowMs: number): void {
    this.#noteKey(visit, 'none', { rules: REFUSED, cause: '', nowMs });
    this.#noteModel(visit, 'none', nowMs);
  }

  state(nowMs: number): 'ready' | 'resting' | 'set-aside' {
    if (this.#refusal.phase !== 'closed') return 'set-aside';
    return this.#restUntilMs > nowMs ? 'resting' : 'ready';
  }

  /** Of many tries that meet the same limit together, only one makes the pause grow. */
  #rest(visit: KeyVisit, retryAfterMs: number, nowMs: number): void {
    const isNews = visit.startedMs >= this.#restUntilMs;
    if (isNews) this.#restsInRow += 1;
    else if (retryAfterMs === 0) return;
    const growingMs = Math.min(REST_MAX_MS, REST_FIRST_MS * 2 ** (this.#restsInRow - 1));
    const pauseMs = retryAfterMs > 0 ? retryAfterMs : growingMs;
    this.#restUntilMs = Math.max(this.#restUntilMs, nowMs + pauseMs);
    if (isNews) this.#observer.keyRests(this.label, pauseMs);
  }

  #noteKey(
    visit: KeyVisit,
    verdict: Verdict,
    { rules, cause, nowMs }: { rules: BreakerRules; cause: string; nowMs: number },
  ): void {
    const before = this.#refusal;
    this.#refusal = noteVerdict(before, rules, { pass: visit.key, verdict, nowMs });
    if (before.phase === 'closed' && this.#refusal.phase === 'open')
      this.#observer.keySetAside(this.label, cause);
    if (before.phase !== 'closed' && this.#refusal.phase === 'closed')
      this.#observer.keyWorksAgain(this.label);
  }

  /** Models that were never forbidden have no entry, so that the usual way costs nothing. */
  #noteModel({ remoteModel, model }: KeyVisit, verdict: Verdict, nowMs: number): void {
    const before = this.#forbidden.get(remoteModel);
    if (before === undefined && verdict !== 'failure') return;
    const after = noteVerdict(before ?? NEW_BREAKER, REFUSED_REPEATEDLY, { pass: model, verdict, nowMs });
    this.#forbidden.set(remoteModel, after);
    if (after.phase === 'open' && before?.phase !== 'open' && after.openings === 1)
      this.#observer.keySetAside(this.label, 'forbidden');
  }
}
