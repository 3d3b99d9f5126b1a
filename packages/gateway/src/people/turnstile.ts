/** Lets so many pieces of work run at once, and so many wait in line. */
export type Turnstile = {
  /** Undefined: the line is full, nothing was done. */
  pass<Value>(work: () => Promise<Value>): Promise<Value> | undefined;
};

export function createTurnstile({
  atOnceMax,
  waitingMax,
}: {
  atOnceMax: number;
  waitingMax: number;
}): Turnstile {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (running >= atOnceMax) await new Promise<void>((go) => void waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next one directly, so nobody slips in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    pass: (work) => (running >= atOnceMax && waiting.length >= waitingMax ? undefined : run(work)),
  };
}
