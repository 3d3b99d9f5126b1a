import type { Engine, EngineFault, EngineModel } from './engine.ts';
import { createEngineWatch } from './engine-watch.ts';
import { createOccupancy } from './occupancy.ts';
import type { Timers } from './timers.ts';

/** One model as this node offers it. */
export type HostedModel = EngineModel & { alias: string };

/** One of an engine's models and the name that it is offered under. */
export type ModelChoice = { alias: string; localName: string };

export type HostEvent =
  | { type: 'engine-up'; engine: string; models: string[] }
  | { type: 'engine-down'; engine: string; fault: EngineFault }
  | { type: 'model-missing'; engine: string; localName: string; listed: string[] }
  | { type: 'engine-notice'; engine: string; message: string };

export type EngineHostOptions = {
  /** For status lines. */
  name: string;
  engine: Engine;
  /** Jobs at a time over all models of this engine, as the owner wants it. Absent: as the engine says. */
  slots: number | undefined;
  /** Absent: all models, under their own names. */
  choices: ModelChoice[] | undefined;
  timers: Timers;
  report(event: HostEvent): void;
  /** The engine went up or down, or its models changed. */
  onChange(): void;
};

/** An engine with its slots and its health. */
export type EngineHost = {
  readonly name: string;
  readonly engine: Engine;
  slots(): number;
  isUp(): boolean;
  /** As last seen: still there while the engine is down. */
  models(): HostedModel[];
  /** `busy`: with this node's jobs. `local_use`: somebody else's requests keep the engine at work. */
  findSlot(localName: string): 'free' | 'busy' | 'local_use';
  /** Takes a slot; the returned function gives it back, once. */
  takeSlot(localName: string): () => void;
  /** Jobs of this node that run on it: of one model, or all. */
  busy(localName?: string): number;
  /** Requests that somebody else has at the engine, as of the last look. 0 when the engine does not say. */
  foreign(): number;
  /** Whether the engine says how many requests it has. */
  countsRequests(): boolean;
  /** Notes a request of ours that is no job and takes no slot; the returned function ends it, once. */
  noteRequest(): () => void;
  /** The engine has just shown that it lives. */
  noteAlive(): void;
  /** A job could not reach the engine: look at once. */
  suspect(): void;
  /** Asks for the models and starts the watchdog. Resolves when the first answer or failure is there. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** For engines that do not say how many jobs they take at once. */
const UNKNOWN_SLOTS = 1;

export function createEngineHost(options: EngineHostOptions): EngineHost {
  const { name, engine } = options;
  const occupancy = createOccupancy();
  let models: HostedModel[] = [];
  let shown = '';

  function slots(): number {
    const own = engine.slots?.();
    // More than the engine takes would only wait inside it, where nobody sees it.
    return Math.min(options.slots ?? own ?? UNKNOWN_SLOTS, own ?? Infinity);
  }

  /** What the owner should know. Told at every look: whoever shows it leaves repetitions out. */
  function tellNotices(): void {
    const own = engine.slots?.();
    const tooMany = own !== undefined && options.slots !== undefined && options.slots > own;
    const messages = [
      ...(engine.notices?.() ?? []),
      ...(tooMany ? [`it takes ${own} at a time, so that many are offered instead of ${options.slots}`] : []),
    ];
    for (const message of messages) options.report({ type: 'engine-notice', engine: name, message });
  }

  function show(listed: EngineModel[]): void {
    tellNotices();
    const now = JSON.stringify([listed, slots()]);
    if (now === shown) return;
    const isFirst = shown === '';
    const names = models.map(({ alias }) => alias).join('\n');
    shown = now;
    models = chooseModels(listed, options);
    const aliases = models.map(({ alias }) => alias);
    if (isFirst || aliases.join('\n') !== names) {
      options.report({ type: 'engine-up', engine: name, models: aliases });
    }
    options.onChange();
  }

  const watch = createEngineWatch({
    engine,
    timers: options.timers,
    onUp: show,
    askRequests: occupancy.askRequests,
    onDown(fault, wasUp) {
      shown = '';
      options.report({ type: 'engine-down', engine: name, fault });
      if (wasUp) options.onChange();
    },
  });

  return {
    name,
    engine,
    slots,
    isUp: watch.isUp,
    models: () => models,
    findSlot(localName) {
      const modelSlots = models.find((model) => model.localName === localName)?.slots ?? 0;
      const isFull = occupancy.busy() >= slots() || occupancy.busy(localName) >= modelSlots;
      if (!watch.isUp() || isFull) return 'busy';
      return occupancy.busy() + occupancy.foreign() >= slots() ? 'local_use' : 'free';
    },
    takeSlot: (localName) => occupancy.take(localName),
    busy: occupancy.busy,
    foreign: occupancy.foreign,
    countsRequests: () => engine.countRequests !== undefined,
    noteRequest: occupancy.note,
    noteAlive: watch.noteAlive,
    suspect: watch.suspect,
    start: watch.start,
    async stop() {
      watch.stop();
      await engine.close();
    },
  };
}

/** The owner's choice out of what the engine has. A chosen model that is not there is reported and left out. */
function chooseModels(listed: EngineModel[], options: EngineHostOptions): HostedModel[] {
  if (options.choices === undefined) {
    return listed.map((model) => ({ ...model, alias: model.defaultAlias ?? model.localName }));
  }
  return options.choices.flatMap(({ alias, localName }) => {
    const model =
      listed.find((candidate) => candidate.localName === localName) ??
      listed.find((candidate) => candidate.otherNames?.includes(localName));
    if (model !== undefined) return [{ ...model, alias }];
    const names = listed.map((candidate) => candidate.localName);
    options.report({ type: 'model-missing', engine: options.name, localName, listed: names });
    return [];
  });
}
