/** Who uses an engine: the jobs of this node, counted, and other people's requests, estimated. */
export type Occupancy = {
  /** Takes a slot; the returned function gives it back, once. */
  take(localName: string): () => void;
  /** Jobs of this node: of one model, or all. */
  busy(localName?: string): number;
  /** Requests that are not this node's, as of the last count. */
  foreign(): number;
  /** The engine's own count of all its requests; undefined when it has none. */
  seeRequests(count: number | undefined): void;
};

/**
 * The engine's count and ours are made at slightly different moments, so a job that just ended may look like
 * somebody else's for one period. That costs one refused offer at most.
 */
export function createOccupancy(): Occupancy {
  const byModel = new Map<string, number>();
  let foreign = 0;

  function busy(localName?: string): number {
    if (localName !== undefined) return byModel.get(localName) ?? 0;
    let all = 0;
    for (const count of byModel.values()) all += count;
    return all;
  }

  return {
    busy,
    foreign: () => foreign,
    take(localName) {
      let isTaken = true;
      byModel.set(localName, busy(localName) + 1);
      return () => {
        if (isTaken) byModel.set(localName, busy(localName) - 1);
        isTaken = false;
      };
    },
    seeRequests(count) {
      foreign = Math.max(0, (count ?? 0) - busy());
    },
  };
}
