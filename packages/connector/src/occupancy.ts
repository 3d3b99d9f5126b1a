/** Who uses an engine: the jobs of this node, counted, and other people's requests, estimated. */
export type Occupancy = {
  /** Takes a slot; the returned function gives it back, once. */
  take(localName: string): () => void;
  /** Jobs of this node: of one model, or all. */
  busy(localName?: string): number;
  /** Notes a request of ours that is no job and takes no slot; the returned function ends it, once. */
  note(): () => void;
  /** Requests that are not this node's, as of the last count. */
  foreign(): number;
  /**
   * Call it before the engine is asked for its own count of all its requests, and what it returns with the answer
   * (undefined when it has none).
   */
  askRequests(): (count: number | undefined) => void;
};

/**
 * The engine's count and ours are made at slightly different moments: what ran before or after it was asked counts as
 * ours, so that a job that begins or ends meanwhile never looks like somebody else's.
 */
export function createOccupancy(): Occupancy {
  const byModel = new Map<string, number>();
  let foreign = 0;
  let noted = 0;

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
    note() {
      let isNoted = true;
      noted += 1;
      return () => {
        if (isNoted) noted -= 1;
        isNoted = false;
      };
    },
    askRequests() {
      const before = busy() + noted;
      return (count) => {
        foreign = Math.max(0, (count ?? 0) - Math.max(before, busy() + noted));
      };
    },
  };
}
