import { createVirtualClock } from '../../testing/virtual-clock.ts';
import type { Sanction } from './sanction.ts';
import type { TrustStore } from './store.ts';
import { createTrustBook, type NodeOwnership } from './trust-book.ts';

/** A trust book over a store in memory, on virtual time. `node_ops` is the operator's, all others are `acc_owner`'s. */
export function createTrustBench(promotion = { jobs: 3, hours: 1 }) {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const banned: Sanction[] = [];
  const pardons: Sanction[] = [];
  const saved: Sanction[] = [];
  /** Writes of sanctions that the disk has not answered yet, when `isSlow`. */
  const disk = { isSlow: false, isBroken: false, pending: [] as (() => void)[] };
  const store: TrustStore = {
    load: () => Promise.resolve({ records: new Map(), sanctions: [], calibration: undefined }),
    saveRecords: () => Promise.resolve(),
    async saveSanctions(sanctions) {
      if (disk.isSlow) await new Promise<void>((resolve) => disk.pending.push(resolve));
      if (disk.isBroken) throw new Error('disk');
      saved.push(...sanctions);
    },
  };
  const write = (event: string): void => void lines.push(event);
  const ownershipOf = (nodeId: string): NodeOwnership => ({
    accountId: nodeId === 'node_ops' ? 'acc_ops' : 'acc_owner',
    kind: 'shared',
    isOperators: nodeId === 'node_ops',
  });
  const book = createTrustBook({
    clock,
    log: { info: write, warn: write, error: write },
    store,
    snapshot: { records: new Map(), sanctions: [], calibration: undefined },
    ownershipOf,
    promotion,
    onBan: (sanction) => void banned.push(sanction),
    onPardon: (sanction) => void pardons.push(sanction),
  });
  return {
    clock,
    book,
    lines,
    banned,
    pardons,
    saved,
    disk,
    ownershipOf,
    /** Lets everything that waits for the disk go on. */
    async settle() {
      for (const resolve of disk.pending.splice(0)) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
    /** Test jobs that every model can do. */
    echo(nodeId: string, verdict: 'passed' | 'failed' | 'unclear', times = 1) {
      for (let at = 0; at < times; at += 1) book.tested(nodeId, { model: 'm', kind: 'echo', verdict });
    },
  };
}
