import type { Capabilities, CapabilityModel, NodeStatusReport } from '@switchyard/protocol/link/messages.ts';
import type { NodeIdentity, NodeStatus, NodeWant } from './fleet.ts';
import { ModelRecord } from './model-record.ts';
import { fitsNeeds } from './pick.ts';

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
    for (const alias of this.#records.keys()) if (!this.#models.has(alias)) this.#records.delete(alias);
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

  /** What was seen of a model that the node offers. */
  record(alias: string): ModelRecord {
    const known = this.#records.get(alias);
    if (known !== undefined) return known;
    const fresh = new ModelRecord();
    // A node could name any number of models that it does not offer.
    if (this.#models.has(alias)) this.#records.set(alias, fresh);
    return fresh;
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
}
