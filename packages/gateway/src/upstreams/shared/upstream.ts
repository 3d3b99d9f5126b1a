import type { Attempt, AttemptRequest, AttemptSink, Dialect } from '../../core/attempt.ts';

/** One provider's API behind one key. */
export type Upstream = {
  /** The operator's name for it, for logs. */
  name: string;
  /** What it speaks itself, without translation. */
  dialects: readonly Dialect[];
  start(request: AttemptRequest, sink: AttemptSink): Attempt;
  /** Ends what runs, with a fault, and frees all connections. */
  close(): Promise<void>;
};

/** Dialects that have no field for stop strings. */
const WITHOUT_STOPS: readonly Dialect[] = ['responses'];

/**
 * One upstream out of several that reach the same provider, each in another dialect: a request goes to the one of its
 * own dialect, and any other to the first that can say all of it, which translates it.
 */
export function combineDialects(name: string, spoken: readonly Upstream[]): Upstream {
  const [first] = spoken;
  if (first === undefined) throw new Error('an upstream must speak a dialect');
  return {
    name,
    dialects: spoken.flatMap((upstream) => upstream.dialects),
    start(request, sink) {
      const native = spoken.find((upstream) => upstream.dialects.includes(request.original.dialect));
      const canStop =
        request.chat.stop.length === 0
          ? first
          : spoken.find((upstream) => !upstream.dialects.some((dialect) => WITHOUT_STOPS.includes(dialect)));
      return (native ?? canStop ?? first).start(request, sink);
    },
    async close() {
      await Promise.all(spoken.map((upstream) => upstream.close()));
    },
  };
}
