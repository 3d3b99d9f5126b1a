import type { KeyDirectory } from '../accounts/key-directory.ts';
import type { Clock } from '../core/clock.ts';
import { errorFields, type Log } from '../core/log.ts';
import { type NodeOwnership, type TrustBook, createTrustBook } from '../fleet/trust/trust-book.ts';
import type { PromotionRules } from '../fleet/trust/record.ts';
import { isActive, sanctionNotice, type Sanction } from '../fleet/trust/sanction.ts';
import type { TrustStore } from '../fleet/trust/store.ts';
import type { OperatorLedger } from '../ledger/ledger.ts';

/** How often counts of work are written. A crash loses the last ones. */
const FLUSH_MS = 10_000;

export type TrustParts = {
  clock: Clock;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  store: TrustStore;
  directory: Pick<KeyDirectory, 'node' | 'account'>;
  ledger: Pick<OperatorLedger, 'forfeit' | 'restore'>;
  promotion: PromotionRules;
  /** How long earnings that are given back stay pending. */
  maturityMs: number;
  /** Where owners of nodes object to a sanction. */
  contact: string | undefined;
  /** A banned node's connection has to end. `because`: what its owner is told. */
  disconnect(nodeId: string, because: string): void;
  /** The owner of a connected node has to hear of what reduces its jobs. */
  tellReduced?(nodeId: string, because: string): void;
};

export type OpenedTrust = {
  book: TrustBook;
  ownershipOf(nodeId: string): NodeOwnership | undefined;
  /** What the owner of a banned node is told. Undefined: it is not banned. */
  banNotice(nodeId: string): string | undefined;
  /** The same of a node that gets fewer jobs. */
  reducedNotice(nodeId: string): string | undefined;
  /** Writes what is left to write. */
  close(): Promise<void>;
};

/**
 * Puts trust in nodes together with what follows from it: a ban ends the node's connection and takes back what it has
 * pending, a pardon gives it back. Both are repeated at the start, in case the process ended in between.
 */
export async function openTrust(parts: TrustParts): Promise<OpenedTrust> {
  const { clock, log, store, directory, ledger } = parts;

  function ownershipOf(nodeId: string): NodeOwnership | undefined {
    const node = directory.node(nodeId)?.node;
    if (node === undefined) return undefined;
    const isOperators = directory.account(node.accountId)?.role === 'operator';
    return { accountId: node.accountId, kind: node.kind, isOperators };
  }

  function booked(sanction: Sanction): void {
    const isLifted = sanction.liftedAtMs !== undefined;
    const done = isLifted
      ? ledger.restore({ forfeitId: sanction.id, maturityMs: parts.maturityMs })
      : ledger.forfeit({ id: sanction.id, nodeId: sanction.nodeId, reason: sanction.reason });
    done.catch((error: unknown) => log.error('sanction_not_booked', errorFields(error)));
  }

  const book = createTrustBook({
    clock,
    log,
    store,
    snapshot: await store.load(),
    ownershipOf,
    promotion: parts.promotion,
    onBan(sanction) {
      booked(sanction);
      parts.disconnect(sanction.nodeId, sanctionNotice(sanction, parts.contact));
    },
    onPardon: booked,
    onReduced: (sanction) => parts.tellReduced?.(sanction.nodeId, sanctionNotice(sanction, parts.contact)),
  });
  function noticeOf(nodeId: string, kind: Sanction['kind']): string | undefined {
    const nowMs = clock.nowMs();
    const found = book.sanctions(nodeId).find((one) => one.kind === kind && isActive(one, nowMs));
    return found === undefined ? undefined : sanctionNotice(found, parts.contact);
  }

  for (const sanction of book.sanctions()) if (sanction.kind === 'ban') booked(sanction);
  const timer = clock.every(FLUSH_MS, () => void book.flush());
  return {
    book,
    ownershipOf,
    banNotice: (nodeId) => (book.standing(nodeId).isBanned ? noticeOf(nodeId, 'ban') : undefined),
    reducedNotice: (nodeId) => noticeOf(nodeId, 'reduced'),
    close() {
      timer.cancel();
      return book.flush();
    },
  };
}
