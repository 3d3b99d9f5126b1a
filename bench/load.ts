import { Worker } from 'node:worker_threads';
import { createClient, type Client } from './client.ts';
import { createLatencies, type LatencySummary } from './latency.ts';
import { monotonicMs, type Pace } from './pacer.ts';

/**
 * Where to send and what. With several `requests` (one per key), connections take turns. `expectsError`: replies of
 * 500 and above are what counts, for scenarios with a broken upstream.
 */
export type Load = { port: number; requests: readonly Buffer[]; expectsError?: boolean };

export type LoadResult = {
  seconds: number;
  /** Replies with the status that was expected, 200 as a rule. */
  succeeded: number;
  /** Anything else, by status or reason. */
  failures: Readonly<Record<string, number>>;
  latency: LatencySummary;
};

/** More failures than this end a run: it measures nothing any more. */
const failuresMax = 10_000;
/** Connections of an open loop. When all are busy, requests wait and their latency counts from the intended start. */
const openLoopConnectionsMax = 512;
const replyTimeoutMs = 20_000;

/** Each of `connections` sends its next request as soon as the last reply ended, for `durationMs`. */
export async function closedLoop(
  load: Load,
  { connections, durationMs }: { connections: number; durationMs: number },
): Promise<LoadResult> {
  const tally = createTally(load);
  const startMs = monotonicMs();
  const endMs = startMs + durationMs;
  const clients: Client[] = [];
  const runOne = async (index: number): Promise<void> => {
    const client = createClient(load.port);
    clients.push(client);
    const request = pick(load.requests, index);
    await new Promise<void>((resolve) => {
      let sentMs = 0;
      const next = (): void => {
        sentMs = monotonicMs();
        if (sentMs >= endMs || tally.isHopeless()) resolve();
        else client.send(request, handlers);
      };
      const handlers = {
        onEnd: (status: number) => {
          tally.ended(status, monotonicMs() - sentMs);
          next();
        },
        onFailure: (reason: string) => {
          tally.failed(reason);
          setImmediate(next);
        },
      };
      next();
    });
  };
  await withTimeout(
    Promise.all(Array.from({ length: connections }, (_, index) => runOne(index))),
    durationMs + replyTimeoutMs,
    'closed loop',
  ).finally(() => clients.forEach((client) => client.destroy()));
  return tally.result((monotonicMs() - startMs) / 1000);
}

/**
 * Starts `ratePerSecond` requests a second whether or not earlier ones have been answered. Latency counts from the
 * intended start, so that a stalled target cannot hide by slowing the generator down. `until`: the whole reply, or
 * the first bytes of its body.
 */
export async function openLoop(
  load: Load,
  plan: { ratePerSecond: number; durationMs: number; until: 'end' | 'first-byte' },
): Promise<LoadResult> {
  const tally = createTally(load);
  const count = Math.round((plan.ratePerSecond * plan.durationMs) / 1000);
  const pace: Pace = { startMs: monotonicMs() + 200, intervalMs: 1000 / plan.ratePerSecond, count };
  const idle: Client[] = [];
  const clients: Client[] = [];
  /** Indexes of requests that found no free connection. At most `count`. */
  const waiting: number[] = [];
  const finished = Promise.withResolvers<void>();

  const start = (index: number): void => {
    const client = idle.pop() ?? open();
    if (client === undefined) {
      waiting.push(index);
      return;
    }
    const intendedMs = pace.startMs + index * pace.intervalMs;
    let firstByteMs: number | undefined;
    client.send(pick(load.requests, index), {
      onBody: () => {
        firstByteMs ??= monotonicMs();
      },
      onEnd: (status) => {
        const endMs = plan.until === 'end' ? monotonicMs() : (firstByteMs ?? monotonicMs());
        tally.ended(status, endMs - intendedMs);
        release(client);
      },
      onFailure: (reason) => {
        tally.failed(reason);
        release(client);
      },
    });
  };
  const open = (): Client | undefined => {
    if (clients.length >= openLoopConnectionsMax) return undefined;
    const client = createClient(load.port);
    clients.push(client);
    return client;
  };
  const release = (client: Client): void => {
    idle.push(client);
    const next = waiting.shift();
    if (next !== undefined) start(next);
    if (tally.total() === count || tally.isHopeless()) finished.resolve();
  };

  const worker = new Worker(new URL('./pacer.ts', import.meta.url), { workerData: pace });
  worker.on('message', start);
  worker.on('error', finished.reject);
  try {
    await withTimeout(finished.promise, plan.durationMs + replyTimeoutMs, 'open loop');
  } finally {
    clients.forEach((client) => client.destroy());
    await worker.terminate();
  }
  return tally.result(plan.durationMs / 1000);
}

/** Streams that stay open. `events` grows with each event of any of them. */
export type HeldStreams = {
  events(): number;
  /** Streams that are open and have had an event. */
  open(): number;
  failures(): Readonly<Record<string, number>>;
  close(): void;
};

/** Opens `count` streams, a few at a time, and keeps reading them. Resolves when each has had its first event. */
export async function holdStreams(load: Load, count: number): Promise<HeldStreams> {
  const batch = 20;
  const tally = createTally(load);
  let events = 0;
  let begun = 0;
  const clients = Array.from({ length: count }, () => createClient(load.port));
  const openOne = (client: Client, index: number): Promise<void> =>
    new Promise((resolve) => {
      const counter = createEventCounter();
      let own = 0;
      const over = (): void => {
        if (own > 0) begun -= 1;
        resolve();
      };
      client.send(pick(load.requests, index), {
        onBody: (part) => {
          const arrived = counter(part);
          if (own === 0 && arrived > 0) {
            begun += 1;
            resolve();
          }
          own += arrived;
          events += arrived;
        },
        onEnd: (status) => {
          tally.failed(`ended early, status ${status}`);
          over();
        },
        onFailure: (reason) => {
          tally.failed(reason);
          over();
        },
      });
    });
  for (let index = 0; index < count; index += batch) {
    const opening = clients
      .slice(index, index + batch)
      .map((client, offset) => openOne(client, index + offset));
    await withTimeout(Promise.all(opening), replyTimeoutMs, 'opening streams').catch((error: unknown) => {
      clients.forEach((client) => client.destroy());
      throw error;
    });
  }
  return {
    events: () => events,
    open: () => begun,
    failures: () => tally.result(0).failures,
    close: () => clients.forEach((client) => client.destroy()),
  };
}

/** Adds up counts by reason. */
export function sumFailures(all: readonly LoadResult['failures'][]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const failures of all) {
    for (const [reason, count] of Object.entries(failures)) sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}

/** Counts the empty lines that end events, also when one is split over two parts. */
function createEventCounter(): (part: Buffer) => number {
  const newline = 10;
  let endsWithNewline = false;
  return (part) => {
    let count = 0;
    if (endsWithNewline && part[0] === newline) count += 1;
    for (let at = part.indexOf('\n\n'); at !== -1; at = part.indexOf('\n\n', at + 2)) count += 1;
    endsWithNewline = part.at(-1) === newline && part.at(-2) !== newline;
    return count;
  };
}

function createTally({ expectsError = false }: Load) {
  const latencies = createLatencies();
  const failures: Record<string, number> = {};
  let succeeded = 0;
  let failed = 0;
  const fail = (reason: string): void => {
    failed += 1;
    failures[reason] = (failures[reason] ?? 0) + 1;
  };
  return {
    ended(status: number, latencyMs: number): void {
      if (expectsError ? status < 500 : status !== 200) return fail(`status ${status}`);
      succeeded += 1;
      return latencies.add(latencyMs);
    },
    failed: fail,
    total: (): number => succeeded + failed,
    isHopeless: (): boolean => failed > failuresMax,
    result: (seconds: number): LoadResult => ({
      seconds,
      succeeded,
      failures: { ...failures },
      latency: latencies.summary(),
    }),
  };
}

function pick(requests: readonly Buffer[], index: number): Buffer {
  const request = requests[index % requests.length];
  if (request === undefined) throw new Error('a load needs at least one request');
  return request;
}

async function withTimeout<Value>(work: Promise<Value>, timeoutMs: number, name: string): Promise<Value> {
  const expiry = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => expiry.reject(new Error(`${name}: no end within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await Promise.race([work, expiry.promise]);
  } finally {
    clearTimeout(timer);
  }
}
