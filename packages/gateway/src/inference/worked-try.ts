import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { JobWatch } from '../fleet/trust/job-watch.ts';
import type { Earner } from '../ledger/earnings.ts';
import type { Resolution } from '../ledger/ledger.ts';
import type { ChargeDecision } from '../pricing/settlement.ts';
import type { Target } from '../routing/target.ts';
import type { Admitted } from './admit.ts';
import type { InferenceDeps } from './deps.ts';
import type { Meter } from './meter.ts';
import { ownCountOf, type RunEnd } from './settle.ts';

/** One try at a node of a pool: what it sends is watched, and what it is paid is worked out. */
export type WorkedTry = {
  readonly watch: JobWatch;
  note(parts: readonly StreamPart[]): void;
  /** The node has said its last word. */
  answered(): void;
  /** Who earns on the charge. */
  earner(): Earner | undefined;
  /** The request is settled. */
  settled(outcome: {
    end: RunEnd;
    charge: ChargeDecision;
    meter: Meter;
    resolution: Resolution;
    /** Others had begun the answer: it says nothing about this node. */
    isContinued: boolean;
  }): void;
};

/** Undefined for targets that are no node of a pool. */
export function workedTry(
  { clock, nodeWork }: Pick<InferenceDeps, 'clock' | 'nodeWork'>,
  admitted: Admitted,
  { kind, name, nodeId, remoteModel }: Target,
): WorkedTry | undefined {
  if (kind !== 'pool') return undefined;
  const { model, caller } = admitted;
  const job = { nodeId, pool: name, model, remoteModel, payerId: caller.account.id };
  const watch = nodeWork.watch(job);
  if (watch === undefined) return undefined;
  const startedMs = clock.monotonicMs();
  let endedMs = startedMs;
  return {
    watch,
    note: watch.note,
    answered() {
      endedMs = clock.monotonicMs();
    },
    earner: () => nodeWork.earner(nodeId, model),
    settled({ end, charge, meter, resolution, isContinued }) {
      if (resolution.outcome === 'settled' && resolution.chargedMicros > 0) watch.paid();
      if (end.kind !== 'finished' || isContinued) return;
      watch.finished({
        finish: end.finish,
        count: ownCountOf(admitted, meter),
        contentParts: meter.counter.contentParts(),
        ceilingTokens: meter.counter.ceilingTokens(),
        capTokens: admitted.outputCapTokens,
        contextTokens: model.contextTokens,
        durationMs: endedMs - startedMs,
        reported: meter.reported(),
        believed: charge.usage,
      });
      nodeWork.done(job);
    },
  };
}
