import type { Model } from '../catalog/model.ts';
import type { CanaryRunner, DoneJob } from '../fleet/trust/canary-runner.ts';
import { type JobWatch, watchJob } from '../fleet/trust/job-watch.ts';
import type { NodeOwnership, TrustBook } from '../fleet/trust/trust-book.ts';
import type { Earner } from '../ledger/earnings.ts';

/** What becomes of the work of a node in a pool: how far it is believed, watched, and paid. */
export type NodeWork = {
  /** Undefined for a node that is not registered. */
  watch(job: WorkedJob): JobWatch | undefined;
  /** Whose share of the charge it is. Undefined: nobody's, as of private nodes and banned ones. */
  earner(nodeId: string, model: Model): Earner | undefined;
  /** A shared node has answered somebody else: a test may follow. */
  done(job: WorkedJob): void;
};

export type WorkedJob = DoneJob & { payerId: string };

export function createNodeWork(options: {
  book: TrustBook;
  ownershipOf(nodeId: string): NodeOwnership | undefined;
  maturity: { maturityMs: number; probationMs: number };
  /** Undefined: nodes are not tested. */
  canaries: Pick<CanaryRunner, 'jobDone'> | undefined;
}): NodeWork {
  const { book, ownershipOf, maturity, canaries } = options;
  return {
    watch({ nodeId, model, remoteModel, payerId }) {
      const owner = ownershipOf(nodeId);
      if (owner === undefined) return undefined;
      const name = model.variantOf ?? model.id;
      return watchJob(book, { nodeId, model: name, remoteModel, payerId, ownerId: owner.accountId });
    },
    earner(nodeId, model) {
      const owner = ownershipOf(nodeId);
      if (owner === undefined || owner.kind === 'private') return undefined;
      const { tier, isBanned } = book.standing(nodeId);
      if (isBanned) return undefined;
      return {
        accountId: owner.accountId,
        shareBps: model.nodeShareBps,
        maturityMs: tier === 'probation' ? maturity.probationMs : maturity.maturityMs,
      };
    },
    done(job) {
      const owner = ownershipOf(job.nodeId);
      if (owner !== undefined && owner.kind === 'shared' && owner.accountId !== job.payerId)
        canaries?.jobDone(job);
    },
  };
}
