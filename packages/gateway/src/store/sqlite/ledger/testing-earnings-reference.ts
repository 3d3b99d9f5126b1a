/**
 * What becomes of earnings, told a second time: a list of amounts in memory, changed one by one, without sums, folds or
 * batches. Amounts are small, so plain division is exact enough.
 */
export type ReferenceEarning = {
  owner: string;
  node: string;
  /** Undefined for a reward or what was given back. */
  request: string | undefined;
  charged: number;
  earned: number;
  dueHour: number;
  left: number;
  isMatured: boolean;
};

type Forfeit = { id: string; owner: string; node: string; left: number };

export function createEarningsReference() {
  const earnings: ReferenceEarning[] = [];
  const forfeits: Forfeit[] = [];
  const knownForfeits = new Set<string>();
  const refunded = new Map<string, number>();
  const paid = new Map<string, number>();
  const matured = new Map<string, number>();
  const add = (map: Map<string, number>, name: string, amount: number) =>
    map.set(name, (map.get(name) ?? 0) + amount);
  const payable = (owner: string) => (matured.get(owner) ?? 0) - (paid.get(owner) ?? 0);

  return {
    earn(earning: Omit<ReferenceEarning, 'left' | 'isMatured'>): void {
      if (earning.earned > 0) earnings.push({ ...earning, left: earning.earned, isMatured: false });
    },
    refund(request: string, amount: number): void {
      const before = refunded.get(request) ?? 0;
      refunded.set(request, before + amount);
      const found = earnings.find((earning) => earning.request === request);
      if (found === undefined || found.isMatured) return;
      const upTo = (total: number) => Math.ceil((found.earned * total) / found.charged);
      let due = upTo(before + amount) - upTo(before);
      const part = Math.min(due, found.left);
      found.left -= part;
      due -= part;
      for (const forfeit of forfeits) {
        if (forfeit.owner !== found.owner || forfeit.node !== found.node) continue;
        const kept = Math.min(due, forfeit.left);
        forfeit.left -= kept;
        due -= kept;
      }
    },
    mature(hour: number): void {
      for (const earning of earnings) {
        if (earning.isMatured || earning.dueHour > hour) continue;
        earning.isMatured = true;
        add(matured, earning.owner, earning.left);
      }
    },
    forfeit(id: string, node: string): string {
      if (knownForfeits.has(id)) return 'exists';
      for (const earning of earnings) {
        if (earning.node !== node || earning.isMatured || earning.left === 0) continue;
        knownForfeits.add(id);
        const { owner, left } = earning;
        const open = forfeits.find((forfeit) => forfeit.id === id && forfeit.owner === owner);
        if (open === undefined) forfeits.push({ id, owner, node, left });
        else open.left += left;
        earning.left = 0;
      }
      return 'applied';
    },
    restore(id: string, dueHour: number): void {
      for (const forfeit of forfeits.filter((one) => one.id === id && one.left > 0)) {
        const { owner, node, left } = forfeit;
        const words = { request: undefined, charged: 0, earned: left };
        earnings.push({ owner, node, ...words, dueHour, left, isMatured: false });
        forfeit.left = 0;
      }
    },
    payOut(owner: string, amount: number): string {
      if (payable(owner) < amount) return 'insufficient';
      add(paid, owner, amount);
      return 'applied';
    },
    balance(owner: string) {
      const pending = earnings.filter((earning) => earning.owner === owner && !earning.isMatured);
      return {
        pendingMicros: pending.reduce((sum, { left }) => sum + left, 0),
        payableMicros: payable(owner),
        paidMicros: paid.get(owner) ?? 0,
      };
    },
  };
}
