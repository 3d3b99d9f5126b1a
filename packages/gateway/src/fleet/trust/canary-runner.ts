import type { Model } from '../../catalog/model.ts';
import type { Attempt } from '../../core/attempt.ts';
import type { Clock, RandomSource } from '../../core/clock.ts';
import { measureInput } from '../../pricing/input-ceiling.ts';
import type { Fleet, NodeSlot } from '../fleet.ts';
import { type Canary, makeCanary } from './canary.ts';
import { type CanaryVerdict, createCanaryListener, judgeCanary } from './canary-judge.ts';
import { jobsUntilCanary } from './canary-schedule.ts';
import type { TrustBook } from './trust-book.ts';

/** An ordinary job that a node of a pool has done. */
export type DoneJob = { nodeId: string; pool: string; model: Model; remoteModel: string };

/** Sends test jobs to nodes between their ordinary ones, over the same line and in the same form. */
export type CanaryRunner = {
  jobDone(job: DoneJob): void;
  /** Cancels the tests that run. */
  close(): void;
};

export type CanaryRunnerOptions = {
  clock: Clock;
  random: RandomSource;
  fleet: Pick<Fleet, 'acquire' | 'onCapacity'>;
  book: Pick<TrustBook, 'standing' | 'record' | 'tested'>;
};

/** A test that takes longer says nothing: the node may be slow. */
const CANARY_MAX_MS = 300_000;
const NOBODY: ReadonlySet<string> = new Set();

/**
 * One test at a time for each node, on a slot that is free. A node whose slots are all in use is tested as soon as one
 * becomes free, so to be busy is no way around it. A test that fails or is refused as a job counts as any failed job.
 */
export function createCanaryRunner({ clock, random, fleet, book }: CanaryRunnerOptions): CanaryRunner {
  /** Jobs until the next test, by node. */
  const jobsLeft = new Map<string, number>();
  const due = new Map<string, DoneJob>();
  const running = new Map<string, Attempt>();
  const stopListening = fleet.onCapacity(() => {
    for (const job of due.values()) attempt(job);
  });

  function plan(nodeId: string): number {
    const { canaries, checks } = book.record(nodeId);
    const isSuspected = canaries.includes(false) || checks.includes(false);
    return jobsUntilCanary(random, { tier: book.standing(nodeId).tier, isSuspected });
  }

  function attempt(job: DoneJob): void {
    const { nodeId, pool, model, remoteModel } = job;
    if (running.has(nodeId)) return;
    const { capabilities, maxOutputTokens, contextTokens } = model;
    const canary = makeCanary(random, { tools: capabilities.tools, maxOutputTokens });
    const { chat } = canary;
    const inputTokens = Math.min(measureInput(chat).estimatedTokens, contextTokens);
    const slot = fleet.acquire({
      pool,
      nodes: [nodeId],
      accountId: '',
      model: remoteModel,
      chat,
      needs: {
        tools: chat.tools.length > 0,
        vision: false,
        thinking: false,
        jsonSchema: false,
        contextTokens: inputTokens,
      },
      excludedNodes: NOBODY,
    });
    if (slot === 'busy') return;
    due.delete(nodeId);
    jobsLeft.set(nodeId, plan(nodeId));
    if (slot !== 'none') send(slot, canary, { job, inputTokens });
  }

  function send(slot: NodeSlot, canary: Canary, about: { job: DoneJob; inputTokens: number }): void {
    const { nodeId, model, remoteModel } = about.job;
    const listener = createCanaryListener();
    let isOver = false;
    const over = (verdict: CanaryVerdict): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      running.delete(nodeId);
      book.tested(nodeId, { model: model.variantOf ?? model.id, kind: canary.kind, verdict });
    };
    const timer = clock.after(CANARY_MAX_MS, () => {
      running.get(nodeId)?.cancel();
      over('unclear');
    });
    const request = {
      chat: canary.chat,
      remoteModel,
      stream: true,
      estimatedInputTokens: about.inputTokens,
      original: { dialect: 'chat-completions' as const, body: Buffer.alloc(0), rawHeaders: [] },
    };
    const started = slot.start(request, {
      onParts: (parts) => listener.add(parts),
      onAlive: () => undefined,
      onEnd: () => over(judgeCanary(canary.expected, listener.answer())),
      onFault: () => over('unclear'),
    });
    if (!isOver) running.set(nodeId, started);
  }

  return {
    jobDone(job) {
      const left = (jobsLeft.get(job.nodeId) ?? plan(job.nodeId)) - 1;
      jobsLeft.set(job.nodeId, left);
      if (left > 0) return;
      due.set(job.nodeId, job);
      attempt(job);
    },
    close() {
      stopListening();
      for (const started of running.values()) started.cancel();
    },
  };
}
