import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import { type Usage, totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import { isTrustedTier } from '../../core/node-tier.ts';
import { type OwnCount, type TokenBound, tokenBound } from '../../pricing/token-bound.ts';
import { type AnswerSample, checkJob, createAnswerSample } from './answer-check.ts';
import { sizeClassOf } from './speed.ts';
import type { TrustBook } from './trust-book.ts';

/** One job of a node of a pool, from its start to its settlement. Nothing of its answer outlives it. */
export type JobWatch = {
  /** The node belongs to who pays, and not to the operator: what it reports is its owner's own bill. */
  readonly isOwnNode: boolean;
  note(parts: readonly StreamPart[]): void;
  /** The most that the node's report is believed; undefined: it is trusted. */
  tokenBound(count: OwnCount): TokenBound | undefined;
  /** A whole answer was there. */
  finished(job: FinishedJob): void;
  /** Somebody else paid for it. */
  paid(): void;
};

export type FinishedJob = {
  finish: FinishReason;
  count: OwnCount;
  contentParts: number;
  ceilingTokens: number;
  capTokens: number;
  /** Tokens of input and output together that the model can take. */
  contextTokens: number;
  durationMs: number;
  reported: Usage | undefined;
  /** What was charged. */
  believed: Usage;
};

export type WatchedJob = {
  nodeId: string;
  /** Of the catalogue, without its variants; and what nodes call it. */
  model: string;
  remoteModel: string;
  payerId: string;
  ownerId: string;
};

export function watchJob(book: TrustBook, job: WatchedJob): JobWatch {
  const { nodeId, model, remoteModel } = job;
  const isTrusted = isTrustedTier(book.standing(nodeId).tier);
  const isOwners = job.payerId === job.ownerId;
  const sample: AnswerSample | undefined = isTrusted || isOwners ? undefined : createAnswerSample();
  const boundOf = (count: OwnCount) => tokenBound(count, book.calibration.yardstickOf(model));
  const size = sizeClassOf(model, remoteModel);

  return {
    isOwnNode: isOwners && !isTrusted,
    note: (parts) => sample?.add(parts),
    tokenBound: (count) => (isTrusted ? undefined : boundOf(count)),
    finished(done) {
      const { count, durationMs, reported, believed } = done;
      const outputTokens = count.outputTokens + count.reasoningTokens;
      if (sample !== undefined) {
        const input = Math.max(count.inputTokensEstimate, totalInputTokens(believed));
        const findings = checkJob({
          finish: done.finish,
          sample: sample.text(),
          contentParts: done.contentParts,
          toolCalls: count.toolCalls,
          outputTokens,
          ceilingTokens: done.ceilingTokens,
          capTokens: done.capTokens,
          // Half of what is left: the estimate of the input may be far too low.
          roomTokens: Math.max(0, done.contextTokens - 2 * input) / 2,
          durationMs,
          speedCeiling: book.calibration.ceilingOf(size),
          // Where nobody has shown how the model counts, another way of counting is no fault.
          reportedTokens:
            reported === undefined || !book.calibration.isKnown(model)
              ? undefined
              : totalOutputTokens(reported),
          believedTokens: boundOf(count).outputTokens,
        });
        book.checked(nodeId, findings);
      } else if (isTrusted) {
        book.calibration.learn({
          model,
          size,
          reported:
            reported === undefined
              ? undefined
              : { input: totalInputTokens(reported), output: totalOutputTokens(reported) },
          counted: { input: count.inputTokensEstimate, output: outputTokens },
          hasImages: count.imageTokensCeiling > 0,
          outputPerSecond: (outputTokens * 1_000) / Math.max(durationMs, 1),
        });
      }
    },
    paid() {
      if (!isOwners) book.settled(nodeId);
    },
  };
}
