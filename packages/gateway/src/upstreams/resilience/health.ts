import type { AttemptFault } from '../../core/attempt.ts';
import type { Clock } from '../../core/clock.ts';
import type { Breaker, BreakerRules, Pass, Verdict } from '../../core/breaker.ts';
import { breakerWaitMs, enterBreaker, NEW_BREAKER, noteVerdict } from '../../core/breaker.ts';
import { ruleOf } from './cause-rules.ts';
import { ProviderKey, type KeyObserver, type KeyVisit } from './provider-key.ts';

export type HealthObserver = KeyObserver & {
  /** The upstream is left out, as a whole (`model` is empty) or one model of it. */
  opened(model: string): void;
  /** It takes requests again. */
  closed(model: string): void;
};

export type HealthOptions = {
  /** Names of the keys, in their order. At least one; an upstream without a key has one of no name. */
  keys: readonly string[];
  breaker: BreakerRules;
  clock: Pick<Clock, 'monotonicMs'>;
  observer: HealthObserver;
};

/** For metrics. `model` is empty for the upstream as a whole. */
export type HealthStatus = {
  keys: Record<'ready' | 'resting' | 'set-aside', number>;
  breakers: { model: string; phase: Breaker['phase'] }[];
};

/** One try that is under way. Each of its methods may be called once; `failed` and `abandoned` end it. */
export type Visit = {
  /** Which key is used, counted from 0. */
  key: number;
  /** The provider has taken the request. */
  accepted(): void;
  /** Content has come, or a whole answer. */
  answered(): void;
  failed(fault: AttemptFault): void;
  /** The client left. */
  abandoned(): void;
};

type ModelHealth = { breaker: Breaker; restUntilMs: number };

/**
 * What is known of one upstream: whether its server can be reached, whether each of its models answers, and which of
 * our keys work. Models are apart because one that fails must not take the others away. Models come from the
 * configuration, so there are not many.
 */
export class UpstreamHealth {
  readonly #options: HealthOptions;
  readonly #keys: readonly ProviderKey[];
  /** Least recently used first. */
  readonly #order: number[];
  readonly #models = new Map<string, ModelHealth>();
  #reach = NEW_BREAKER;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#keys = options.keys.map(
      (name, index) => new ProviderKey({ position: index + 1, name }, options.observer),
    );
    this.#order = [...this.#keys.keys()];
  }

  /** How long until a try may be made for a model, ms. 0: now. */
  waitMs(remoteModel: string): number {
    const nowMs = this.#options.clock.monotonicMs();
    const withoutKeyMs = this.#waitWithoutKeyMs(remoteModel, nowMs);
    let keyMs = Infinity;
    for (const key of this.#keys) keyMs = Math.min(keyMs, key.waitMs(remoteModel, nowMs));
    return Math.max(withoutKeyMs, keyMs);
  }

  /** Begins a try with the key that was used least recently. Undefined: there is none just now, beside the excluded. */
  enter(remoteModel: string, excludedKeys: ReadonlySet<number>): Visit | undefined {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#waitWithoutKeyMs(remoteModel, nowMs) > 0) return undefined;
    const place = this.#order.findIndex(
      (index) => !excludedKeys.has(index) && this.#keys[index]?.waitMs(remoteModel, nowMs) === 0,
    );
    const index = this.#order[place];
    const key = index === undefined ? undefined : this.#keys[index];
    if (index === undefined || key === undefined) return undefined;
    this.#order.splice(place, 1);
    this.#order.push(index);
    return this.#visit({ key, index, remoteModel, nowMs });
  }

  status(): HealthStatus {
    const nowMs = this.#options.clock.monotonicMs();
    const keys = { ready: 0, resting: 0, 'set-aside': 0 };
    for (const key of this.#keys) keys[key.state(nowMs)] += 1;
    const breakers = [...this.#models].map(([model, { breaker }]) => ({ model, phase: breaker.phase }));
    return { keys, breakers: [{ model: '', phase: this.#reach.phase }, ...breakers] };
  }

  #waitWithoutKeyMs(remoteModel: string, nowMs: number): number {
    const model = this.#models.get(remoteModel);
    const modelMs =
      model === undefined ? 0 : Math.max(breakerWaitMs(model.breaker, nowMs), model.restUntilMs - nowMs, 0);
    return Math.max(modelMs, breakerWaitMs(this.#reach, nowMs));
  }

  #visit(from: { key: ProviderKey; index: number; remoteModel: string; nowMs: number }): Visit {
    const { clock } = this.#options;
    const { key, index, remoteModel, nowMs } = from;
    const model = this.#modelHealth(remoteModel);
    const reachPass = this.#enterReach(nowMs);
    const entered = enterBreaker(model.breaker, nowMs);
    model.breaker = entered.breaker;
    const modelPass = entered.pass;
    const keyVisit = key.enter(remoteModel, nowMs);
    let isReached = false;
    const reached = (atMs: number): void => {
      if (!isReached) this.#noteReach(reachPass, 'success', atMs);
      isReached = true;
    };
    return {
      key: index,
      accepted: () => {
        const atMs = clock.monotonicMs();
        reached(atMs);
        key.accepted(keyVisit, atMs);
      },
      answered: () => this.#noteModel(remoteModel, { pass: modelPass, verdict: 'success' }),
      failed: (fault) => {
        const atMs = clock.monotonicMs();
        const { about } = ruleOf(fault);
        if (about === 'reach') this.#noteReach(reachPass, isReached ? 'none' : 'failure', atMs);
        else reached(atMs);
        this.#noteKeyFault(key, keyVisit, { fault, about, atMs });
        const verdict = fault.blame === 'request' ? 'success' : about === 'model' ? 'failure' : 'none';
        this.#noteModel(remoteModel, { pass: modelPass, verdict });
        if (about === 'model') this.#restModel(model, fault.retryAfterMs ?? 0, atMs);
      },
      abandoned: () => {
        const atMs = clock.monotonicMs();
        if (!isReached) this.#noteReach(reachPass, 'none', atMs);
        key.abandoned(keyVisit, atMs);
        this.#noteModel(remoteModel, { pass: modelPass, verdict: 'none' });
      },
    };
  }

  #noteKeyFault(
    key: ProviderKey,
    visit: KeyVisit,
    { fault, about, atMs }: { fault: AttemptFault; about: ReturnType<typeof ruleOf>['about']; atMs: number },
  ): void {
    if (about === 'key' || about === 'key-model' || about === 'rate')
      key.failed(visit, about, { fault, nowMs: atMs });
    else key.abandoned(visit, atMs);
  }

  #modelHealth(remoteModel: string): ModelHealth {
    let model = this.#models.get(remoteModel);
    if (model === undefined) {
      model = { breaker: NEW_BREAKER, restUntilMs: 0 };
      this.#models.set(remoteModel, model);
    }
    return model;
  }

  /** A provider may ask for a pause, though for no longer than the breaker's own longest. */
  #restModel(model: ModelHealth, retryAfterMs: number, nowMs: number): void {
    const pauseMs = Math.min(retryAfterMs, this.#options.breaker.maxOpenMs);
    model.restUntilMs = Math.max(model.restUntilMs, nowMs + pauseMs);
  }

  #enterReach(nowMs: number): Pass {
    const entered = enterBreaker(this.#reach, nowMs);
    this.#reach = entered.breaker;
    return entered.pass;
  }

  #noteReach(pass: Pass, verdict: Verdict, nowMs: number): void {
    const before = this.#reach;
    this.#reach = noteVerdict(before, this.#options.breaker, { pass, verdict, nowMs });
    this.#tell('', before, this.#reach);
  }

  #noteModel(remoteModel: string, { pass, verdict }: { pass: Pass; verdict: Verdict }): void {
    const model = this.#modelHealth(remoteModel);
    const before = model.breaker;
    const nowMs = this.#options.clock.monotonicMs();
    model.breaker = noteVerdict(before, this.#options.breaker, { pass, verdict, nowMs });
    this.#tell(remoteModel, before, model.breaker);
  }

  #tell(model: string, before: Breaker, after: Breaker): void {
    if (before.phase === after.phase) return;
    if (before.phase === 'closed') this.#options.observer.opened(model);
    else if (after.phase === 'closed') this.#options.observer.closed(model);
  }
}
