/**
 * How far a node is trusted, from least to most. `own`: it belongs to who asks. `operator`: it belongs to the operator.
 * `verified` and `probation`: it belongs to somebody else, with or without a record of good work.
 */
export type NodeTier = 'probation' | 'verified' | 'operator' | 'own';

/** Nodes whose owner gains nothing by a false report: theirs are believed, and others are measured by them. */
export function isTrustedTier(tier: NodeTier): boolean {
  return tier === 'operator' || tier === 'own';
}
