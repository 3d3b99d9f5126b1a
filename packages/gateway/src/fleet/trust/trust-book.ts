import type { Clock } from '../../core/clock.ts';
import { newId } from '../../core/ids.ts';
import { errorFields, type Log } from '../../core/log.ts';
import type { NodeTier } from '../../core/node-tier.ts';
import type { Finding } from './answer-check.ts';
import { type Calibration, createCalibration } from './calibration.ts';
import type { CanaryKind } from './canary.ts';
import { type CanaryVerdict, type PassCount, countsAgainst } from './canary-judge.ts';
import {
  NEW_RECORD,
  approve,
  type PromotionRules,
  type TrustRecord,
  judge,
  noteCanary,
  noteCheck,
  noteSettled,
  startAgain,
  tierOf,
} from './record.ts';
import {
  REDUCED_WEIGHT,
  SANCTION_MS,
  type Sanction,
  type SanctionReason,
  isActive,
  pardoned,
} from './sanction.ts';
import type { TrustSnapshot, TrustStore } from './store.ts';

/** What is known of a node's owner. */
export type NodeOwnership = { accountId: string; kind: 'shared' | 'private'; isOperators: boolean };

/** `weight`: share of its usual work that a node gets, above 0 to 1. */
export type Standing = { tier: Exclude<NodeTier, 'own'>; weight: number; isBanned: boolean };

export type TrustBookOptions = {
  clock: Clock;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  store: TrustStore;
  snapshot: TrustSnapshot;
  /** Undefined: there is no such node. */
  ownershipOf(nodeId: string): NodeOwnership | undefined;
  promotion: PromotionRules;
  /** A ban has become durable: no more jobs, and what is pending is taken back. */
  onBan(sanction: Sanction): void;
  /** A ban was lifted. */
  onPardon(sanction: Sanction): void;
  onReduced?(sanction: Sanction): void;
};

/** Trust in nodes: records of their work, verdicts, and what follows from them. */
export type TrustBook = {
  readonly calibration: Calibration;
  standing(nodeId: string): Standing;
  record(nodeId: string): TrustRecord;
  /** A job of the node was paid by somebody else. */
  settled(nodeId: string): void;
  /** An ordinary job was looked at. */
  checked(nodeId: string, findings: readonly Finding[]): void;
  tested(nodeId: string, test: { model: string; kind: CanaryKind; verdict: CanaryVerdict }): void;
  /** All that are kept, the newest first. */
  sanctions(nodeId?: string): Sanction[];
  /** An operator bans a node, and what it has pending is taken back. Returns when that is durable; rejects when it cannot be. */
  ban(nodeId: string, words: { actor: string; because: string; untilMs: number }): Promise<Sanction>;
  /** An operator trusts a node at once, or has it prove itself anew. Returns when that is durable. */
  setTier(nodeId: string, tier: 'verified' | 'probation'): Promise<void>;
  /** Lifts sanctions, of a node, of a time window, or both. Returns them. Rejects when that cannot be written. */
  pardon(
    whom: { nodeId?: string; fromMs?: number; toMs?: number },
    words: { actor: string; because: string },
  ): Promise<Sanction[]>;
  /** Writes what changed. */
  flush(): Promise<void>;
};

const PROBATION_WEIGHT = 0.5;
const CALIBRATION_FLUSH_MS = 600_000;
/** Kept for each node, the newest. */
const SANCTIONS_PER_NODE_MAX = 50;

export function createTrustBook(options: TrustBookOptions): TrustBook {
  const { clock, log, store, snapshot } = options;
  const records = new Map(snapshot.records);
  const byNode = new Map<string, Sanction[]>();
  for (const sanction of snapshot.sanctions) keep(sanction);
  const calibration = createCalibration(snapshot.calibration);
  const changed = new Set<string>();
  let flushedAtMs = clock.nowMs();
  const passes = createPassCounts();
  /** Sanctions on their way to the disk, by kind and node. */
  const writing = new Set<string>();

  function keep(sanction: Sanction): void {
    const known = (byNode.get(sanction.nodeId) ?? []).filter(({ id }) => id !== sanction.id);
    const kept = [...known, sanction].toSorted((a, b) => b.atMs - a.atMs).slice(0, SANCTIONS_PER_NODE_MAX);
    byNode.set(sanction.nodeId, kept);
  }

  function recordOf(nodeId: string): TrustRecord {
    return records.get(nodeId) ?? NEW_RECORD;
  }

  function change(nodeId: string, record: TrustRecord): void {
    records.set(nodeId, record);
    changed.add(nodeId);
  }

  function active(nodeId: string, kind: Sanction['kind']): Sanction | undefined {
    const sanctions = byNode.get(nodeId);
    if (sanctions === undefined) return undefined;
    const nowMs = clock.nowMs();
    return sanctions.find((sanction) => sanction.kind === kind && isActive(sanction, nowMs));
  }

  function isOperators(nodeId: string): boolean {
    return options.ownershipOf(nodeId)?.isOperators ?? false;
  }

  function sanction(nodeId: string, what: Verdict): void {
    const made = newSanction(nodeId, what, clock.nowMs());
    // One at a time: a verdict that comes while the disk writes is of the same jobs.
    const name = `${what.kind} ${nodeId}`;
    if (writing.has(name)) return;
    writing.add(name);
    store
      .saveSanctions([made], 'trust')
      .then(
        () => {
          keep(made);
          log.warn('node_sanctioned', { nodeId, reason: what.reason, cause: what.kind });
          if (made.kind === 'ban') options.onBan(made);
          else options.onReduced?.(made);
        },
        (error: unknown) => log.error('trust_not_written', errorFields(error)),
      )
      .finally(() => writing.delete(name));
  }

  function standing(nodeId: string): Standing {
    const nowMs = clock.nowMs();
    const record = recordOf(nodeId);
    const tier = tierOf({ isOperators: isOperators(nodeId), record }, options.promotion, nowMs);
    const verdict = judge(record.canaries);
    const share = tier === 'probation' ? PROBATION_WEIGHT : 1;
    const reduced = active(nodeId, 'reduced') === undefined ? 1 : REDUCED_WEIGHT;
    return {
      tier,
      weight: share * reduced * (verdict === 'bad' ? REDUCED_WEIGHT : verdict),
      isBanned: active(nodeId, 'ban') !== undefined,
    };
  }

  return {
    calibration,
    standing,
    record: recordOf,
    settled: (nodeId) => change(nodeId, noteSettled(recordOf(nodeId), clock.nowMs())),
    checked(nodeId, findings) {
      const record = noteCheck(recordOf(nodeId), findings.length === 0);
      if (findings.length > 0) log.info('node_job_suspicious', { nodeId, cause: findings.join(' ') });
      if (judge(record.checks) !== 'bad') return change(nodeId, record);
      const failed = record.checks.filter((isClean) => !isClean).length;
      const detail = `${failed} of ${record.checks.length} answers, the last one for: ${findings.join(', ')}`;
      change(nodeId, { ...record, checks: [] });
      sanction(nodeId, { kind: 'reduced', reason: 'suspicious-answers', detail });
    },
    tested(nodeId, { model, kind, verdict }) {
      if (verdict === 'unclear') return;
      const counts = verdict === 'passed' || countsAgainst(kind, passes.ofOthers(model, kind, nodeId));
      passes.note({ model, kind, nodeId }, verdict === 'passed');
      if (!counts) return;
      const record = noteCanary(recordOf(nodeId), verdict === 'passed');
      change(nodeId, record);
      if (judge(record.canaries) !== 'bad' || active(nodeId, 'ban') !== undefined) return;
      if (isOperators(nodeId)) return log.warn('operators_node_fails_tests', { nodeId });
      const failed = record.canaries.filter((passed) => !passed).length;
      change(nodeId, startAgain());
      const detail = `${failed} of the last ${record.canaries.length} test jobs`;
      sanction(nodeId, { kind: 'ban', reason: 'canaries-failed', detail });
    },
    sanctions(nodeId) {
      const all = nodeId === undefined ? [...byNode.values()].flat() : (byNode.get(nodeId) ?? []);
      return all.toSorted((a, b) => b.atMs - a.atMs);
    },
    async ban(nodeId, { actor, because, untilMs }) {
      const atMs = clock.nowMs();
      const made: Sanction = {
        ...newSanction(nodeId, { kind: 'ban', reason: 'by-operator', detail: because }, atMs),
        expiresAtMs: untilMs,
      };
      await store.saveSanctions([made], actor);
      change(nodeId, startAgain());
      keep(made);
      log.warn('node_sanctioned', { nodeId, reason: made.reason, cause: made.kind });
      options.onBan(made);
      return made;
    },
    async setTier(nodeId, tier) {
      const nowMs = clock.nowMs();
      const next = () => (tier === 'verified' ? approve(recordOf(nodeId), nowMs) : startAgain());
      await store.saveRecords(new Map([[nodeId, next()]]), calibration.state());
      // Of the record as it is now: jobs may have ended while the disk wrote.
      change(nodeId, next());
    },
    async pardon(whom, { actor, because }) {
      const nowMs = clock.nowMs();
      const lifted = pardoned([...byNode.values()].flat(), whom, nowMs).map((one) => {
        return { ...one, liftedAtMs: nowMs, liftedBecause: because };
      });
      if (lifted.length === 0) return lifted;
      await store.saveSanctions(lifted, actor);
      for (const one of lifted) {
        keep(one);
        // Verdicts of before the pardon do not bring it down at once.
        change(one.nodeId, { ...recordOf(one.nodeId), canaries: [], checks: [] });
        if (one.kind === 'ban') options.onPardon(one);
      }
      return lifted;
    },
    async flush() {
      // What was learned changes slowly, and a start without the newest of it does no harm.
      if (changed.size === 0 && clock.nowMs() - flushedAtMs < CALIBRATION_FLUSH_MS) return;
      flushedAtMs = clock.nowMs();
      const rows = new Map([...changed].map((nodeId) => [nodeId, recordOf(nodeId)]));
      changed.clear();
      await store.saveRecords(rows, calibration.state()).catch((error: unknown) => {
        for (const nodeId of rows.keys()) changed.add(nodeId);
        log.error('trust_not_written', errorFields(error));
      });
    },
  };
}

type Verdict = { kind: Sanction['kind']; reason: SanctionReason; detail: string };

/** It ends by itself after the usual time of its kind. */
function newSanction(nodeId: string, what: Verdict, atMs: number): Sanction {
  return {
    id: newId('san'),
    nodeId,
    ...what,
    atMs,
    expiresAtMs: atMs + SANCTION_MS[what.kind],
    liftedAtMs: undefined,
    liftedBecause: undefined,
  };
}

/** How nodes did in tests, by model and kind. In memory: after a start, all is believed to be possible again. */
function createPassCounts() {
  const counts = new Map<string, Map<string, PassCount>>();
  const nameOf = (model: string, kind: CanaryKind) => `${kind} ${model}`;
  return {
    note(
      { model, kind, nodeId }: { model: string; kind: CanaryKind; nodeId: string },
      passed: boolean,
    ): void {
      const name = nameOf(model, kind);
      const nodes = counts.get(name) ?? new Map<string, PassCount>();
      counts.set(name, nodes);
      const count = nodes.get(nodeId) ?? { passed: 0, failed: 0 };
      nodes.set(nodeId, {
        passed: count.passed + (passed ? 1 : 0),
        failed: count.failed + (passed ? 0 : 1),
      });
    },
    ofOthers(model: string, kind: CanaryKind, nodeId: string): PassCount {
      const sum = { passed: 0, failed: 0 };
      for (const [other, count] of counts.get(nameOf(model, kind)) ?? []) {
        if (other === nodeId) continue;
        sum.passed += count.passed;
        sum.failed += count.failed;
      }
      return sum;
    },
  };
}
