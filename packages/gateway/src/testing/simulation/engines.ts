import type { Attempt, AttemptRequest, AttemptSink } from '../../core/attempt.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { NodeOwnership } from '../../fleet/trust/trust-book.ts';
import type { Upstream } from '../../routing/target.ts';
import { createResilientUpstream } from '../../upstreams/resilience/resilient-upstream.ts';
import { NODE_LOST, planSayings, type Saying } from './engine-plan.ts';
import type { Life } from './life.ts';
import type { RequestOracle } from './oracle.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

export type Engines = {
  /** What the real router asks. */
  fleet: Fleet;
  upstreams: ReadonlyMap<string, Upstream>;
  onCapacity(listener: () => void): void;
  /** Attempts that are not over yet. */
  busyCount(): number;
  /** Attempts that nobody waits for and nobody has stopped, or that are paused for a client who is gone. */
  forgottenCount(): number;
  /** Slots of nodes that are taken. */
  takenSlots(): number;
  /** A node loses its connection for some time; what ran on it fails. */
  loseNode(): void;
};

export type EngineOptions = {
  scheduler: Scheduler;
  life: Life;
  random: Random;
  trace: Trace;
  /** Whose request these bytes are. */
  requestOf(body: Buffer): { id: string; accountId: string; oracle: RequestOracle };
  /** Who owns a node. */
  ownerOf(nodeId: string): NodeOwnership | undefined;
  /** An upstream is tried again by its own rules. */
  onTriedAgain(): void;
};

type Node = { id: string; slots: number; taken: number; isOnline: boolean; running: Set<Running> };
type Place = { name: string; isPool: boolean; onDisconnect: 'cancel' | 'drain'; node: Node | undefined };
type Running = { isOver: boolean; isForgotten(): boolean; fail(): void };

/** Nodes and upstreams that work as badly as they can while they keep to their port (and sometimes not even that). */
export function createEngines(options: EngineOptions): Engines {
  const { scheduler, life, random, trace } = options;
  const nodes: Node[] = Array.from({ length: random.int(1, 3) }, (_, index) => ({
    id: `node_${index}`,
    slots: random.int(1, 4),
    taken: 0,
    isOnline: true,
    running: new Set(),
  }));
  const running = new Set<Running>();
  let noteCapacity: () => void = () => undefined;

  function freeSlot(node: Node | undefined): void {
    if (node === undefined) return;
    node.taken -= 1;
    noteCapacity();
  }

  function start(place: Place, request: AttemptRequest, sink: AttemptSink): Attempt {
    if (!life.touch()) return { cancel: () => undefined, pause: () => undefined, resume: () => undefined };
    const { id, accountId, oracle } = options.requestOf(request.original.body);
    const { isPool, onDisconnect } = place;
    const capTokens = request.chat.maxOutputTokens ?? 0;
    const owner = place.node === undefined ? undefined : options.ownerOf(place.node.id);
    const isOthers = owner !== undefined && !owner.isOperators;
    const number = oracle.tried({
      isPool,
      onDisconnect,
      capTokens,
      ownerId: owner?.accountId,
      isOthers,
      isPayers: isOthers && owner.accountId === accountId,
    });
    const name = `${id} try ${number}`;
    trace.note(`${name} at ${place.name}, cap ${capTokens}`);
    const sayings = planSayings(random, request, { isPool, mayRelay: !isPool });
    return startAttempt(options, {
      sayings,
      sink,
      oracle,
      number,
      name,
      onStart(self) {
        running.add(self);
        place.node?.running.add(self);
      },
      onOver(self) {
        running.delete(self);
        place.node?.running.delete(self);
        freeSlot(place.node);
      },
    });
  }

  const upstreams = (['cancel', 'drain'] as const).map((onDisconnect): [string, Upstream] => {
    const name = `upstream-${onDisconnect}`;
    const place: Place = { name, isPool: false, onDisconnect, node: undefined };
    const inner = dependable(options, name, (request, sink) => start(place, request, sink));
    return [
      name,
      {
        ...inner,
        onDisconnect,
        start(request, sink) {
          options.requestOf(request.original.body).oracle.chosen(name);
          return inner.start(request, sink);
        },
      },
    ];
  });

  const fleet: Pick<Fleet, 'acquire' | 'availability' | 'waitMs' | 'facts' | 'jobsPerSecond'> = {
    acquire(want) {
      const known = nodes.filter((node) => node.isOnline && !want.excludedNodes.has(node.id));
      if (known.length === 0) return 'none';
      const free = known.filter((node) => node.taken < node.slots);
      if (free.length === 0) return 'busy';
      const node = random.pick(free);
      node.taken += 1;
      const place: Place = { name: node.id, isPool: true, onDisconnect: 'cancel', node };
      return {
        nodeId: node.id,
        nodeName: node.id,
        start(request, sink) {
          options.requestOf(request.original.body).oracle.chosen(place.name);
          return start(place, request, sink);
        },
        release: () => freeSlot(node),
        forgive: () => undefined,
      };
    },
    availability: () => ({ nodesOnline: nodes.length, slots: 0, freeSlots: 0 }),
    waitMs: () => 0,
    facts: () => undefined,
    jobsPerSecond: () => 0,
  };

  return {
    fleet: fleet as Fleet,
    upstreams: new Map(upstreams),
    onCapacity(listener) {
      noteCapacity = listener;
    },
    busyCount: () => running.size,
    forgottenCount() {
      let count = 0;
      for (const attempt of running) if (attempt.isForgotten()) count += 1;
      return count;
    },
    takenSlots: () => nodes.reduce((sum, node) => sum + node.taken, 0),
    loseNode() {
      const node = random.pick(nodes);
      if (!node.isOnline) return;
      trace.note(`${node.id} is lost`);
      node.isOnline = false;
      for (const attempt of node.running) attempt.fail();
      scheduler.after(random.int(100, 20_000), life, () => {
        node.isOnline = true;
        noteCapacity();
      });
    },
  };
}

/** The real keys in turn, tries again, rests and breakers around an upstream that works as badly as it can. */
function dependable(
  { scheduler, life, random, trace, onTriedAgain }: EngineOptions,
  name: string,
  start: (request: AttemptRequest, sink: AttemptSink) => Attempt,
): Omit<Upstream, 'onDisconnect'> {
  const upstream = { name, dialects: [], start, close: () => Promise.resolve() };
  return createResilientUpstream({
    keys: [
      { name: 'A', upstream },
      { name: 'B', upstream },
    ],
    retry: { sameUpstream: 1, sharePercent: 20 },
    breaker: { failures: 3, openMs: 2_000, maxOpenMs: 8_000 },
    clock: scheduler.clockOf(life),
    random: random.next,
    observer: {
      tried: () => undefined,
      triedAgain(how) {
        trace.note(`${name} is tried again: ${how}`);
        onTriedAgain();
      },
      shareUsedUp: () => trace.note(`${name} had its share`),
      keySetAside: ({ position }, cause) => trace.note(`${name} key ${position} is set aside: ${cause}`),
      keyWorksAgain: ({ position }) => trace.note(`${name} key ${position} works`),
      keyRests: ({ position }, pauseMs) => trace.note(`${name} key ${position} rests ${pauseMs}`),
      opened: (model) => trace.note(`${name} opened ${model}`),
      closed: (model) => trace.note(`${name} closed ${model}`),
    },
  });
}

type AttemptParts = {
  sayings: readonly Saying[];
  sink: AttemptSink;
  oracle: RequestOracle;
  number: number;
  /** For the trace. */
  name: string;
  onStart(self: Running): void;
  onOver(self: Running): void;
};

/** One try at one engine. Its slot is free when it is over, which after a cancel may take a while. */
function startAttempt({ scheduler, life, random, trace }: EngineOptions, parts: AttemptParts): Attempt {
  const { sayings, sink, oracle, number, name } = parts;
  const ignoresPause = random.chance(0.1);
  const talksOnAfterCancelMs = random.chance(0.15) ? random.int(1, 3_000) : 0;
  let at = 0;
  let isPaused = false;
  let isSilent = false;
  let isWaiting = false;
  let isCancelled = false;

  const self: Running = {
    isOver: false,
    isForgotten: () => !isCancelled && (!oracle.isCurrent(number) || (isPaused && oracle.hasClientLeft())),
    fail() {
      if (isSilent) return;
      isSilent = true;
      say({ delayMs: 0, type: 'fault', fault: NODE_LOST });
    },
  };

  function over(): void {
    if (self.isOver) return;
    self.isOver = true;
    parts.onOver(self);
  }

  function next(): void {
    const saying = sayings[at];
    if (isWaiting || saying === undefined || (isPaused && !ignoresPause)) return;
    isWaiting = true;
    scheduler.after(saying.delayMs, life, () => {
      isWaiting = false;
      // What was under way when the client stopped reading still comes.
      if (isSilent) return;
      at += 1;
      say(saying);
      next();
    });
  }

  function say(saying: Saying): void {
    trace.note(`${name} ${saying.type}`);
    switch (saying.type) {
      case 'parts':
        oracle.parts(number, saying.parts);
        sink.onParts(saying.parts, saying.relay);
        return;
      case 'alive':
        sink.onAlive();
        return;
      case 'end':
      case 'fault':
        break;
    }
    const freesFirst = random.chance(0.5);
    if (freesFirst) over();
    if (saying.type === 'end') {
      oracle.ended(number);
      sink.onEnd();
    } else {
      oracle.failed(number, saying.fault.blame);
      sink.onFault(saying.fault);
    }
    over();
  }

  parts.onStart(self);
  const [first] = sayings;
  if (first !== undefined && random.chance(0.03)) {
    // Before its starter has it in hand.
    at = 1;
    say(first);
  }
  next();
  return {
    cancel() {
      if (!life.touch() || isCancelled) return;
      isCancelled = true;
      trace.note(`${name} cancelled`);
      oracle.cancelled(number);
      // It was stopped, so the rest of its time is its own affair.
      scheduler.after(talksOnAfterCancelMs, life, () => {
        isSilent = true;
        over();
      });
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      next();
    },
  };
}
