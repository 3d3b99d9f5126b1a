import type { Capabilities, CapabilityModel, NodeStatusReport } from '@switchyard/protocol/link/messages.ts';
import type { NodeIdentity, NodeStatus, NodeWant } from './fleet.ts';
import { fitsNeeds } from './pick.ts';
import { blend } from './session-rules.ts';

/** What this gateway has seen of one model at one node. */
type Measured = { tokensPerSecond: number | undefined; failureRate: number };

/** Rough length of a token, to turn received text into speed without trusting a node's own count. */
const CHARS_PER_TOKEN = 4;
/** Shorter answers say nothing about speed. */
const MEASURABLE_CHARS = 200;

/**
 * What one node offers and how much of it is in use. The gateway that holds the node's connection is the only one
 * that counts its slots, so no lock is needed.
 */
export class NodeCapacity {
  readonly #identity: NodeIdentity;
  #models = new Map<string, CapabilityModel>();
  #textSlots = 0;
  #reported: NodeStatusReport['state'] = 'ready';
  #busyTotal = 0;
  readonly #busy = new Map<string, number>();
  #measured = new Map<string, Measured>();
  #engine = '';

  constructor(identity: NodeIdentity) {
    this.#identity = identity;
  }

  /** Replaces what the node offers. Models of somebody else's machine are left out on shared nodes. */
  setCapabilities(capabilities: Capabilities): void {
    const isShared = this.#identity.kind === 'shared';
    this.#models = new Map();
    for (const model of capabilities.models) {
      if (!(isShared && model.remoteBacked)) this.#models.set(model.alias, model);
    }
    for (const alias of this.#measured.keys()) if (!this.#models.has(alias)) this.#measured.delete(alias);
    this.#textSlots = capabilities.slots.text;
    this.#reported = 'ready';
    this.#engine = `${capabilities.engine.kind} ${capabilities.engine.version}`;
  }

  /** Says whether anything changed. */
  setStatus(report: NodeStatusReport): boolean {
    if (report.state === this.#reported && report.textSlots === this.#textSlots) return false;
    this.#reported = report.state;
    this.#textSlots = report.textSlots;
    return true;
  }

  get state(): NodeStatusReport['state'] {
    return this.#reported === 'ready' && (this.#textSlots === 0 || this.#models.size === 0)
      ? 'engine-down'
      : this.#reported;
  }

  aliases(): Iterable<string> {
    return this.#models.keys();
  }

  model(alias: string): CapabilityModel | undefined {
    return this.#models.get(alias);
  }

  fits(want: NodeWant): boolean {
    const model = this.#models.get(want.model);
    return model !== undefined && model.slots > 0 && this.state === 'ready' && fitsNeeds(model, want.needs);
  }

  /** Slots for a model, used and free. */
  slots(alias: string): number {
    if (this.state !== 'ready') return 0;
    return Math.min(this.#models.get(alias)?.slots ?? 0, this.#textSlots);
  }

  freeSlots(alias: string): number {
    if (this.state !== 'ready') return 0;
    const ofModel = (this.#models.get(alias)?.slots ?? 0) - this.busySlots(alias);
    return Math.max(0, Math.min(ofModel, this.#textSlots - this.#busyTotal));
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

  /** Output tokens per second as measured here, or as the node declares. */
  tokensPerSecond(alias: string): number | undefined {
    return (
      this.#measured.get(alias)?.tokensPerSecond ?? this.#models.get(alias)?.speed?.outputTokensPerSecond
    );
  }

  failureRate(alias: string): number {
    return this.#measured.get(alias)?.failureRate ?? 0;
  }

  /** Learns from a finished job. */
  finished(alias: string, text: { chars: number; perSecond: number }): void {
    const measured = this.#measuredOf(alias);
    measured.failureRate = blend(measured.failureRate, 0);
    if (text.chars < MEASURABLE_CHARS) return;
    measured.tokensPerSecond = blend(measured.tokensPerSecond, text.perSecond / CHARS_PER_TOKEN);
  }

  failed(alias: string): void {
    const measured = this.#measuredOf(alias);
    measured.failureRate = blend(measured.failureRate, 1);
  }

  report(): Pick<NodeStatus, 'engine' | 'models'> {
    return {
      engine: this.#engine,
      models: [...this.#models.values()].map((model) => ({
        alias: model.alias,
        contextTokens: model.contextTokens,
        slots: model.slots,
        busySlots: this.busySlots(model.alias),
      })),
    };
  }

  #measuredOf(alias: string): Measured {
    const known = this.#measured.get(alias);
    if (known !== undefined) return known;
    const fresh: Measured = { tokensPerSecond: undefined, failureRate: 0 };
    if (this.#models.has(alias)) this.#measured.set(alias, fresh);
    return fresh;
  }
}
