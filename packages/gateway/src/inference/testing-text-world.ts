import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { Model, Price } from '../catalog/model.ts';
import type { Attempt, AttemptRequest, AttemptSink } from '../core/attempt.ts';
import { fault } from '../core/errors.ts';
import { micros } from '../core/money.ts';
import { failed, ok } from '../core/result.ts';
import { Roster } from '../core/roster.ts';
import type { BatchOutcome, JournalItem } from '../ledger/journal.ts';
import type { Ledger, Receipt } from '../ledger/ledger.ts';
import { createLedger } from '../ledger/memory-owner.ts';
import { createAddressGuard } from '../limits/address-guard.ts';
import { createKeyLimits } from '../limits/key-limits.ts';
import { createWaitingQueue } from '../routing/queue.ts';
import type { Ask, Router } from '../routing/router.ts';
import type { Target } from '../routing/target.ts';
import { chatCompletionsSurface } from '../surfaces/chat-completions/surface.ts';
import { createVirtualClock, type VirtualClock } from '../testing/virtual-clock.ts';
import type { InferenceDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { createIdempotency } from './idempotency.ts';
import { serveText, startPulse } from './serve-text.ts';

/**
 * For the tests of this folder: the life of text requests over a real HTTP server, with a virtual clock, a ledger in
 * memory, and targets whose answers the test gives by hand.
 */
export const USAGE = {
  inputTokens: 10,
  imageInputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 5,
  reasoningTokens: 0,
};
export const FLAT: Price = { type: 'flat', amountMicros: micros(80_000) };
export const PER_TOKEN: Price = {
  type: 'per-token',
  inputMicrosPerMillion: micros(1_000_000),
  imageInputMicrosPerMillion: micros(3_000_000),
  cacheReadMicrosPerMillion: micros(100_000),
  cacheWriteMicrosPerMillion: micros(1_000_000),
  outputMicrosPerMillion: micros(4_000_000),
  reasoningMicrosPerMillion: micros(4_000_000),
  minimumMicros: micros(0),
};
export const TEXT: StreamPart = { type: 'text-delta', text: 'Hello there, reader.' };
export const FINISH: StreamPart = { type: 'finish', reason: 'stop', usage: USAGE };

/** A target whose sink the test holds in its hands. */
export type Try = { request: AttemptRequest; sink: AttemptSink; cancelled: boolean; paused: boolean };

type World = {
  clock: VirtualClock;
  ledger: Ledger;
  deps: InferenceDeps;
  receipts: Receipt[];
  tries: Try[];
  lowNotices(): number;
  /** What the router was asked to find. */
  asks: Ask[];
  /** What `acquire` answers, in turn; after that: `none`. */
  targets: ('target' | 'drain-target' | 'node' | 'busy')[];
  /** The name under which targets serve the model. */
  remoteModel: string;
  /** Nodes whose failure was taken back. */
  forgiven: string[];
  /** What the ledger has put on its disk. */
  written: JournalItem[];
  failWrites: boolean;
  accepting: boolean;
  nextTry(): Promise<Try>;
  nextReceipt(): Promise<Receipt>;
};

export let world: World;
let server: Server;
let port: number;

export function modelWith(price: Price): Model {
  return {
    id: 'm',
    aliases: [],
    kind: 'text',
    displayName: 'M',
    description: '',
    ownedBy: 'test',
    contextTokens: 4096,
    maxOutputTokens: 1024,
    capabilities: { tools: false, vision: false, thinking: false, jsonSchema: false },
    prices: [{ version: 'v1', price, fromMs: -Infinity }],
    routes: [],
    nodeShareBps: 7_000,
    settings: {},
    variantOf: undefined,
    deployment: undefined,
    hidden: false,
    createdAtSeconds: 0,
  };
}

function makeWorld(price: Price, balanceMicros: number): World {
  const clock = createVirtualClock();
  const waiting: { tries: ((value: Try) => void)[]; receipts: ((value: Receipt) => void)[] } = {
    tries: [],
    receipts: [],
  };
  const made = { written: [] as JournalItem[], tries: [] as Try[], receipts: [] as Receipt[], lowNotices: 0 };
  const ledger = createLedger({
    clock,
    writer: {
      write(batch: readonly JournalItem[]): Promise<BatchOutcome> {
        if (world.failWrites) return Promise.reject(new Error('disk'));
        made.written.push(...batch);
        return Promise.resolve(new Map());
      },
      close: () => Promise.resolve(),
    },
    snapshot: {
      accounts: [
        {
          accountId: 'acc',
          paidMicros: micros(balanceMicros),
          promoMicros: micros(0),
          depositedMicros: micros(balanceMicros),
          spentMicros: micros(0),
        },
      ],
      keySpend: [],
    },
  });

  const target = (onDisconnect: Target['onDisconnect']): Target => ({
    kind: 'upstream',
    name: 'provider',
    nodeId: '',
    remoteModel: world.remoteModel,
    onDisconnect,
    release: () => undefined,
    start(request, sink): Attempt {
      const entry: Try = { request, sink, cancelled: false, paused: false };
      made.tries.push(entry);
      waiting.tries.shift()?.(entry);
      return {
        cancel: () => void (entry.cancelled = true),
        pause: () => void (entry.paused = true),
        resume: () => void (entry.paused = false),
      };
    },
  });
  const router: Router = {
    speaks: () => false,
    hasOwnNodes: () => false,
    waitMs: () => undefined,
    expectedWaitSeconds: () => undefined,
    acquire(ask) {
      world.asks.push(ask);
      const next = world.targets.shift();
      if (next === undefined) return 'none';
      if (next === 'busy') return 'busy';
      const found = target(next === 'drain-target' ? 'drain' : 'cancel');
      if (next !== 'node') return found;
      const nodeId = `node_${world.targets.length}`;
      return {
        ...found,
        kind: 'pool',
        digest: 'weights',
        nodeId,
        forgive: () => void world.forgiven.push(nodeId),
      };
    },
    availability: () => ({ available: true, nodesOnline: 0, slots: 0, freeSlots: 0 }),
  };
  const deps: InferenceDeps = {
    clock,
    authenticate: (rawHeaders) =>
      rawHeaders.includes('Bearer good')
        ? ok({
            account: { id: 'acc', name: 'a', role: 'person', suspended: false, createdAtMs: 0 },
            key: {
              id: 'key',
              accountId: 'acc',
              name: 'k',
              personId: undefined,
              last4: '0000',
              scopes: ['inference'],
              models: undefined,
              deployments: undefined,
              requestsPerMinute: undefined,
              concurrency: undefined,
              spendLimits: {},
              createdAtMs: 0,
              expiresAtMs: undefined,
              revokedAtMs: undefined,
            },
          })
        : failed(fault('invalid_api_key')),
    resolveModel: (_key, name) => (name === 'm' ? ok(modelWith(price)) : failed('model_not_found')),
    defaultLimits: { requestsPerMinute: 1_000, concurrency: 500, accountConcurrency: 500 },
    lowBalanceMicros: micros(900_000),
    addressGuard: createAddressGuard(clock, 5),
    keyLimits: createKeyLimits(clock),
    ledger,
    idempotency: createIdempotency({
      secret: Buffer.alloc(32, 7),
      receiptOf: (_accountId, requestId) => made.receipts.find((receipt) => receipt.requestId === requestId),
    }),
    router,
    queue: createWaitingQueue(clock, router, { waitMs: 20_000, depthPerModel: 2 }),
    nodeWork: { watch: () => undefined, earner: () => undefined, done: () => undefined },
    retry: { attempts: 3, budgetMs: 180_000 },
    running: new Roster(),
    accepting: () => world.accepting,
    observer: {
      ended(receipt) {
        made.receipts.push(receipt);
        waiting.receipts.shift()?.(receipt);
      },
      refused: () => undefined,
      balanceIsLow: () => void (made.lowNotices += 1),
      attemptFailed: () => undefined,
    },
  };
  startPulse(clock, deps.running);
  let triesSeen = 0;
  let receiptsSeen = 0;
  return {
    clock,
    ledger,
    deps,
    receipts: made.receipts,
    tries: made.tries,
    written: made.written,
    lowNotices: () => made.lowNotices,
    asks: [],
    targets: ['target'],
    remoteModel: 'remote',
    forgiven: [],
    failWrites: false,
    accepting: true,
    nextTry() {
      const ready = made.tries[triesSeen++];
      return ready === undefined
        ? new Promise((resolve) => waiting.tries.push(resolve))
        : Promise.resolve(ready);
    },
    nextReceipt() {
      const ready = made.receipts[receiptsSeen++];
      return ready === undefined
        ? new Promise((resolve) => waiting.receipts.push(resolve))
        : Promise.resolve(ready);
    },
  };
}

/** Replaces the world: another price of the model `m`, another balance of the account `acc`. */
export function useWorld(price: Price, balanceMicros: number): void {
  world = makeWorld(price, balanceMicros);
}

/** A fresh world behind a server of its own that speaks chat completions, at a flat price. Before each test. */
export async function openWorld(): Promise<void> {
  await openWorldWith((exchange) => serveText(world.deps, chatCompletionsSurface, exchange));
}

/** The same with another route. */
export async function openWorldWith(serve: (exchange: Exchange) => void): Promise<void> {
  useWorld(FLAT, 1_000_000);
  let count = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      serve({
        requestId: `req_${count++}`,
        rawHeaders: request.rawHeaders,
        body: Buffer.concat(chunks),
        response,
        remoteAddress: '127.0.0.1',
        startedAtMs: world.clock.nowMs(),
        startedMonotonicMs: world.clock.monotonicMs(),
        rateWindow: undefined,
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  port = address.port;
}

/** After each test. */
export async function closeWorld(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Resolves when the server has seen all its clients leave. */
export async function allClientsGone(): Promise<void> {
  const count = (): Promise<number> =>
    new Promise((resolve, reject) => {
      server.getConnections((error, open) => (error === null ? resolve(open) : reject(error)));
    });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  while ((await count()) > 0) await turn();
  // A socket is no longer counted just before its end is told.
  await turn();
}

export type Reply = { status: number; headers: IncomingMessage['headers']; text: string; complete: boolean };

export function post(body: object, options: { key?: string; headers?: Record<string, string> } = {}) {
  const client = httpRequest({
    host: '127.0.0.1',
    port,
    method: 'POST',
    headers: { authorization: `Bearer ${options.key ?? 'good'}`, ...options.headers },
  });
  let bytes = '';
  let noteData: () => void = () => undefined;
  const reply = new Promise<Reply>((resolve, reject) => {
    client.on('error', reject);
    client.on('response', (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        bytes += text;
        noteData();
      });
      response.on('close', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: bytes,
          complete: response.complete,
        });
      });
      response.on('error', () => undefined);
    });
  });
  // A test that destroys the client does not look at the reply.
  reply.catch(() => undefined);
  client.end(JSON.stringify(body));
  return {
    reply,
    client,
    /** Resolves when the bytes so far hold a text. */
    sees: (text: string) =>
      new Promise<void>((resolve) => {
        noteData = () => {
          if (bytes.includes(text)) resolve();
        };
        noteData();
      }),
  };
}

export const ASK = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
