import type {
  Capabilities,
  CapabilityModel,
  ImageCapability,
  NodeStatusReport,
} from '@switchyard/protocol/link/messages.ts';
import type { ImageWant } from './acquire-image.ts';
import type { NodeIdentity, NodeModelStatus, NodeStatus, NodeWant } from './fleet.ts';
import { ModelRecord } from './model-record.ts';
import { fitsNeeds } from './pick.ts';

/**
 * What one node offers and how much of it is in use. The gateway that holds the node's connection is the only one
 * that counts its slots, so no lock is needed. Models and recipes share one space of names, and a model wins it.
 */
export class NodeCapacity {
  readonly #identity: NodeIdentity;
  #models = new Map<string, CapabilityModel>();
  #recipes = new Map<string, ImageCapability>();
  #textSlots = 0;
  #imageSlots = 0;
  #takesNsfw = true;
  #reported: NodeStatusReport['state'] = 'ready';
  #busyTotal = 0;
  readonly #busy = new Map<string, number>();
  /** By alias. They outlive the connection. */
  readonly #records: Map<string, ModelRecord>;
  #engine = '';

  constructor(identity: NodeIdentity, records: Map<string, ModelRecord>) {
    this.#identity = identity;
    this.#records = records;
  }

  /** Replaces what the node offers. Models of somebody else's machine are left out on shared nodes. */
  setCapabilities(capabilities: Capabilities): void {
    const isShared = this.#identity.kind === 'shared';
    this.#models = new Map();
    for (const model of capabilities.models) {
      if (!(isShared && model.remoteBacked)) this.#models.set(model.alias, model);
    }
    this.#recipes = new Map();
    for (const recipe of capabilities.image ?? []) {
      if (!this.#models.has(recipe.recipe)) this.#recipes.set(recipe.recipe, recipe);
    }
    this.#forgetOthers();
    this.#textSlots = capabilities.slots.text;
    this.#imageSlots = capabilities.slots.image ?? 0;
    this.#takesNsfw = capabilities.policy?.nsfw ?? true;
    this.#reported = 'ready';
    this.#engine = `${capabilities.engine.kind} ${capabilities.engine.version}`;
  }

  /** Says whether anything changed. */
  setStatus(report: NodeStatusReport): boolean {
    const imageSlots = report.imageSlots ?? this.#imageSlots;
    const isSame =
      report.state === this.#reported &&
      report.textSlots === this.#textSlots &&
      imageSlots === this.#imageSlots;
    if (isSame) return false;
    this.#reported = report.state;
    this.#textSlots = report.textSlots;
    this.#imageSlots = imageSlots;
    return true;
  }

  get state(): NodeStatusReport['state'] {
    const hasText = this.#textSlots > 0 && this.#models.size > 0;
    const hasImages = this.#imageSlots > 0 && this.#recipes.size > 0;
    return this.#reported === 'ready' && !hasText && !hasImages ? 'engine-down' : this.#reported;
  }

  /** Of models and recipes. */
  *aliases(): Iterable<string> {
    yield* this.#models.keys();
    yield* this.#recipes.keys();
  }

  recipe(name: string): ImageCapability | undefined {
    return this.#recipes.get(name);
  }

  model(alias: string): CapabilityModel | undefined {
    return this.#models.get(alias);
  }

  fits(want: NodeWant): boolean {
    const model = this.#models.get(want.model);
    return model !== undefined && model.slots > 0 && this.state === 'ready' && fitsNeeds(model, want.needs);
  }

  fitsImage({ recipe, pixels, nsfw }: ImageWant): boolean {
    const offered = this.#recipes.get(recipe);
    if (offered === undefined || offered.slots === 0 || this.state !== 'ready') return false;
    return pixels <= offered.maxPixels && (this.#takesNsfw || !nsfw);
  }

  /** Slots for a model or recipe, used and free. */
  slots(alias: string): number {
    if (this.state !== 'ready') return 0;
    const recipe = this.#recipes.get(alias);
    if (recipe !== undefined) return Math.min(recipe.slots, this.#imageSlots);
    return Math.min(this.#models.get(alias)?.slots ?? 0, this.#textSlots);
  }

  freeSlots(alias: string): number {
    if (this.state !== 'ready') return 0;
    const busy = this.busySlots(alias);
    const recipe = this.#recipes.get(alias);
    if (recipe !== undefined)
      return Math.max(0, Math.min(recipe.slots - busy, this.#imageSlots - this.#busyImages()));
    const ofModel = (this.#models.get(alias)?.slots ?? 0) - busy;
    return Math.max(0, Math.min(ofModel, this.#textSlots - (this.#busyTotal - this.#busyImages())));
  }

  busySlots(alias: string): number {
    return this.#busy.get(alias) ?? 0;
  }

  take(alias: string): void {
    this.#busyTotal += 1;
    this.#busy.set(alias, this.busySlots(alias) + 1);
  }

  give(alias: string): void {
    const busy = this.busySlots(alias);
    if (busy === 0) throw new RangeError('a slot was given back twice');
    this.#busyTotal -= 1;
    if (busy === 1) this.#busy.delete(alias);
    else this.#busy.set(alias, busy - 1);
  }

  /** What was seen of a model that the node offers. */
  record(alias: string): ModelRecord {
    const known = this.#records.get(alias);
    if (known !== undefined) return known;
    const fresh = new ModelRecord();
    // A node could name any number of models that it does not offer.
    if (this.#offers(alias)) this.#records.set(alias, fresh);
    return fresh;
  }

  /**
   * Forgets models that the node does not offer any more, but not those that are left out for their failures: to take
   * one out of a report and put it in again is no way around that. They are as few as models that jobs came for.
   */
  #forgetOthers(): void {
    for (const [alias, record] of this.#records)
      if (!this.#offers(alias) && record.breakerPhase() === 'closed') this.#records.delete(alias);
  }

  #offers(alias: string): boolean {
    return this.#models.has(alias) || this.#recipes.has(alias);
  }

  /** Slots that pictures use. */
  #busyImages(): number {
    let busy = 0;
    for (const recipe of this.#recipes.keys()) busy += this.busySlots(recipe);
    return busy;
  }

  /** @param nowMs monotonic */
  report(nowMs: number): Pick<NodeStatus, 'engine' | 'models'> {
    const models = [...this.#models.values()].map(({ alias, contextTokens, slots, loaded, speed }) =>
      this.#modelReport({ alias, contextTokens, slots, loaded }, speed?.outputTokensPerSecond, nowMs),
    );
    const recipes = [...this.#recipes.values()].map(({ recipe, slots }) =>
      this.#modelReport({ alias: recipe, contextTokens: 0, slots, loaded: true }, undefined, nowMs),
    );
    return { engine: this.#engine, models: [...models, ...recipes] };
  }

  #modelReport(
    model: Pick<NodeModelStatus, 'alias' | 'contextTokens' | 'slots' | 'loaded'>,
    toldSpeed: number | undefined,
    nowMs: number,
  ): NodeModelStatus {
    const record = this.record(model.alias);
    return {
      ...model,
      busySlots: this.busySlots(model.alias),
      outputTokensPerSecond: record.outputTokensPerSecond ?? toldSpeed,
      failureRate: record.failureRate,
      breaker: record.breakerPhase(),
      restsForMs: record.waitMs(nowMs),
    };
  }
}
