/**
 * What is done about a node after a verdict. Its owner sees each with its reason, its end and how to object.
 * `ban`: it gets no jobs and its pending earnings are taken back. `reduced`: it gets a quarter of the jobs it would get.
 */
export type Sanction = {
  id: string;
  nodeId: string;
  kind: 'ban' | 'reduced';
  reason: SanctionReason;
  /** In words, with counts. */
  detail: string;
  atMs: number;
  expiresAtMs: number;
  /** Undefined: it stands. */
  liftedAtMs: number | undefined;
  liftedBecause: string | undefined;
};

export const SANCTION_REASONS = {
  'canaries-failed': 'It failed test jobs that the model can do.',
  'suspicious-answers': 'Too many of its answers looked wrong.',
  'by-operator': 'The operator banned it.',
} as const;
export type SanctionReason = keyof typeof SANCTION_REASONS;

const DAY_MS = 86_400_000;
export const SANCTION_MS = { ban: 30 * DAY_MS, reduced: DAY_MS } as const;

/** Share of its usual work that a node with a reduced weight gets. */
export const REDUCED_WEIGHT = 0.25;

export function isActive(sanction: Sanction, nowMs: number): boolean {
  return sanction.liftedAtMs === undefined && sanction.expiresAtMs > nowMs;
}

/** Which of them a pardon lifts: those of a node, those of a time window, or both. */
export function pardoned(
  sanctions: readonly Sanction[],
  whom: { nodeId?: string; fromMs?: number; toMs?: number },
  nowMs: number,
): Sanction[] {
  return sanctions.filter(
    (sanction) =>
      isActive(sanction, nowMs) &&
      (whom.nodeId === undefined || sanction.nodeId === whom.nodeId) &&
      sanction.atMs >= (whom.fromMs ?? -Infinity) &&
      sanction.atMs <= (whom.toMs ?? Infinity),
  );
}

/** What the owner of a node is told of a sanction: why, until when, and where to object. */
export function sanctionNotice(
  { reason, detail, expiresAtMs }: Sanction,
  contact: string | undefined,
): string {
  const until = new Date(expiresAtMs).toISOString();
  const where = contact === undefined ? 'Object with the operator.' : `Object at: ${contact}`;
  return `${SANCTION_REASONS[reason]} (${detail}) It ends at ${until}. ${where}`;
}
