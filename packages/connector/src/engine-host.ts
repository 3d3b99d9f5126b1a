import type { Engine, EngineFault, EngineModel } from './engine.ts';
import { createEngineWatch } from './engine-watch.ts';
import type { Timers } from './timers.ts';

/** One model as this node offers it. */
export type HostedModel = EngineModel & { alias: string };

/** One of an engine's models and the name that it is offered under. */
export type ModelChoice = { alias: string; localName: string };

export type HostEvent =
  | { type: 'engine-up'; engine: string; models: string[] }
  | { type: 'engine-down'; engine: string; fault: EngineFault }
  | { type: 'model-missing'; engine: string; localName: string; listed: string[] };

export type EngineHostOptions = {
  /** For status lines. */
  name: string;
  engine: Engine;
  /** Jobs at a time, over all models of this engine. */
  slots: number;
  /** Absent: all models, under their own names. */
  choices: ModelChoice[] | undefined;
  timers: Timers;
  report(event: HostEvent): void;
  /** The engine went up or down. */
  onChange(): void;
};

/** An engine with its slots and its health. */
export type EngineHost = {
  readonly name: string;
  readonly engine: Engine;
  readonly slots: number;
  isUp(): boolean;
  /** As last seen: still there while the engine is down. */
  models(): HostedModel[];
  freeSlots(): number;
  /** Takes a slot; the returned function gives it back, once. */
  takeSlot(): () => void;
  /** The engine has just shown that it lives. */
  noteAlive(): void;
  /** A job could not reach the engine: look at once. */
  suspect(): void;
  /** Asks for the models and starts the watchdog. Resolves when the first answer or failure is there. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

export function createEngineHost(options: EngineHostOptions): EngineHost {
  const { name, engine, slots } = options;
  let models: HostedModel[] = [];
  let busySlots = 0;

  const watch = createEngineWatch({
    engine,
    timers: options.timers,
    onUp(listed) {
      models = chooseModels(listed, options);
      options.report({ type: 'engine-up', engine: name, models: models.map(({ alias }) => alias) });
      options.onChange();
    },
    onDown(fault, wasUp) {
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
    freeSlots: () => (watch.isUp() ? slots - busySlots : 0),
    takeSlot() {
      let isTaken = true;
      busySlots += 1;
      return () => {
        if (isTaken) busySlots -= 1;
        isTaken = false;
      };
    },
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
  if (options.choices === undefined) return listed.map((model) => ({ ...model, alias: model.localName }));
  return options.choices.flatMap(({ alias, localName }) => {
    const model = listed.find((candidate) => candidate.localName === localName);
    if (model !== undefined) return [{ ...model, alias }];
    const names = listed.map((candidate) => candidate.localName);
    options.report({ type: 'model-missing', engine: options.name, localName, listed: names });
    return [];
  });
}
