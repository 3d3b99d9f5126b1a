import type {
  CapabilityModel,
  Capabilities,
  ImageCapability,
  ModelSpeed,
} from '@switchyard/protocol/link/capabilities.ts';
import type { Notice } from '@switchyard/protocol/link/messages.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import type { EngineFault } from './engine.ts';
import type { EngineHost, HostedModel } from './engine-host.ts';
import type { PauseReason } from './fair-use.ts';
import type { ImageHost } from './images/image-host.ts';
import { startImageRun } from './images/image-run.ts';
import type { JobResult } from './job-run.ts';
import { startJobRun } from './job-run.ts';
import { createModelRecords } from './model-records.ts';
import type {
  AcceptedImage,
  AcceptedJob,
  JobOffer,
  LinkAgent,
  LinkState,
  OfferAnswer,
} from './link/types.ts';
import type { Timers } from './timers.ts';

/** Since the start of the program. Tokens are those that the engines reported. */
export type JobCounts = {
  running: number;
  done: number;
  failed: number;
  cancelled: number;
  inputTokens: number;
  outputTokens: number;
};

/** Why a model that an engine has is not offered. */
export type LeftOutModel = { alias: string; why: 'remote-backed' | 'same-alias' | 'bad-name' };

export type AgentOptions = {
  hosts: EngineHost[];
  /** Engines that make pictures. */
  images?: ImageHost[];
  /** Only the node's owner uses it: then models that are answered elsewhere are the owner's own business. */
  isPrivate: boolean;
  timers: Timers;
  /** Why its owner wants no jobs now. */
  pausedBecause?(): PauseReason | undefined;
  /** Whether its owner goes before everybody else. */
  yieldsToLocalUse?: boolean;
  /** How fast a model is, where it was measured. */
  speedOf?(host: EngineHost, model: HostedModel): ModelSpeed | undefined;
  /** A job is about to run on an engine. */
  onAccept?(host: EngineHost): void;
  onLinkState(state: LinkState): void;
  onNotice?(notice: Notice): void;
  onJobFault(fault: EngineFault): void;
};

/** A model or recipe on offer, for the owner to look at. */
export type ModelActivity = {
  alias: string;
  slots: number;
  busy: number;
  /** Finished since the start of the program. */
  done: number;
  /** Of the jobs of late, else as measured. Undefined: nobody knows. */
  outputTokensPerSecond: number | undefined;
};

export type Agent = LinkAgent & {
  counts(): JobCounts;
  activity(): ModelActivity[];
  /** The models on offer, with their slots. */
  models(): { alias: string; slots: number }[];
  leftOut(): LeftOutModel[];
  /** Takes no more jobs. */
  pause(): void;
  isPaused(): boolean;
};

type Offered = { host: EngineHost; model: HostedModel };

/** Decides about offers and runs jobs on the engines of this node. The link client owns the socket. */
export function createAgent(options: AgentOptions): Agent {
  const counts: JobCounts = { running: 0, done: 0, failed: 0, cancelled: 0, inputTokens: 0, outputTokens: 0 };
  const busy = new Map<string, number>();
  const records = createModelRecords();
  let isPaused = false;

  const mayServe = (): boolean => !isPaused && options.pausedBecause?.() === undefined;

  function begin(alias: string): void {
    counts.running += 1;
    busy.set(alias, (busy.get(alias) ?? 0) + 1);
  }

  function count(alias: string, result: JobResult): void {
    counts.running -= 1;
    busy.set(alias, (busy.get(alias) ?? 1) - 1);
    counts[result.result] += 1;
    if (result.result === 'failed') options.onJobFault(result.fault);
    if (result.result !== 'done') return;
    records.note(alias, result);
    if (result.usage === undefined) return;
    counts.inputTokens += totalInputTokens(result.usage);
    counts.outputTokens += totalOutputTokens(result.usage);
  }

  function accept(offered: Offered, offer: JobOffer): AcceptedJob {
    const freeSlot = offered.host.takeSlot(offered.model.localName);
    options.onAccept?.(offered.host);
    return {
      abandon: freeSlot,
      start(chat, stream) {
        begin(offer.model);
        return startJobRun({
          host: offered.host,
          localName: offered.model.localName,
          chat,
          deadlineMs: offer.deadlineMs,
          stream,
          timers: options.timers,
          onStopped(result) {
            freeSlot();
            count(offer.model, result);
          },
        });
      },
    };
  }

  function acceptImage(host: ImageHost, offer: JobOffer): AcceptedImage {
    const freeSlot = host.takeSlot();
    return {
      abandon: freeSlot,
      startImage(request, stream) {
        begin(offer.model);
        return startImageRun({
          host,
          request,
          deadlineMs: offer.deadlineMs,
          stream,
          timers: options.timers,
          onStopped(result) {
            freeSlot();
            count(offer.model, result);
          },
        });
      },
    };
  }

  function answerImage(offer: JobOffer): OfferAnswer {
    const hosts = (options.images ?? []).filter((host) => host.offers(offer.model));
    const free = hosts.find((host) => host.hasFreeSlot());
    if (free !== undefined) return { acceptImage: acceptImage(free, offer) };
    if (hosts.length === 0) return { reject: 'unsupported' };
    return { reject: hosts.some((host) => host.isUp()) ? 'busy' : 'unloaded' };
  }

  function answer(offer: JobOffer): OfferAnswer {
    if (isPaused) return { reject: 'paused' };
    const why = options.pausedBecause?.();
    if (why !== undefined) return { reject: why === 'local-use' ? 'local_use' : 'paused' };
    if (offer.kind === 'image') return answerImage(offer);
    const offered = sortModels(options).offered.get(offer.model);
    if (offered === undefined) return { reject: 'unsupported' };
    if (!offered.host.isUp()) return { reject: 'unloaded' };
    // The whole context as input would leave no room for an answer.
    if (offer.estimatedInputTokens >= offered.model.contextTokens) return { reject: 'context' };
    const slot = offered.host.findSlot(offered.model.localName);
    if (slot !== 'free') return { reject: slot };
    return { accept: accept(offered, offer) };
  }

  function offers(): { alias: string; slots: number; speed?: ModelSpeed }[] {
    const { models, image = [] } = describe(options, !mayServe());
    return [...models, ...image.map(({ recipe, slots }) => ({ alias: recipe, slots }))];
  }

  return {
    capabilities: () => describe(options, !mayServe()),
    offer: answer,
    state: options.onLinkState,
    notice: (notice) => options.onNotice?.(notice),
    counts: () => ({ ...counts }),
    models: () => offers().map(({ alias, slots }) => ({ alias, slots })),
    activity: () =>
      offers().map(({ alias, slots, speed }) => ({
        alias,
        slots,
        busy: busy.get(alias) ?? 0,
        done: records.done(alias),
        outputTokensPerSecond: records.tokensPerSecond(alias) ?? speed?.outputTokensPerSecond,
      })),
    leftOut: () => sortModels(options).leftOut,
    pause() {
      isPaused = true;
    },
    isPaused: () => isPaused,
  };
}

/** Splits the engines' models into those on offer and those that cannot be. The first engine wins an alias. */
function sortModels({ hosts, isPrivate }: AgentOptions): {
  offered: Map<string, Offered>;
  leftOut: LeftOutModel[];
} {
  const offered = new Map<string, Offered>();
  const leftOut: LeftOutModel[] = [];
  for (const host of hosts) {
    for (const model of host.models()) {
      const { alias } = model;
      if (model.remoteBacked && !isPrivate) leftOut.push({ alias, why: 'remote-backed' });
      else if (!isWord(alias) || !isWord(model.localName)) leftOut.push({ alias, why: 'bad-name' });
      else if (offered.has(alias)) leftOut.push({ alias, why: 'same-alias' });
      else if (offered.size < LINK_LIMITS.modelsMax) offered.set(alias, { host, model });
    }
  }
  return { offered, leftOut };
}

/** What the gateway is told. Models of an engine that is down stay in the list, with no slots. */
function describe(options: AgentOptions, isPaused: boolean): Capabilities {
  const { hosts } = options;
  const models = [...sortModels(options).offered.values()].map(({ host, model }) =>
    describeModel({ host, model, isPaused, speed: options.speedOf?.(host, model) }),
  );
  const images = describeImages(options, isPaused);
  const slotsUp = hosts.filter((host) => host.isUp()).reduce((sum, host) => sum + host.slots(), 0);
  const engines = [...hosts, ...(options.images ?? [])].map((host) => host.engine);
  const kinds = [...new Set(engines.map((engine) => engine.kind))].join('+');
  const versions = [...new Set(engines.map((engine) => engine.version))].join('+');
  return {
    engine: {
      kind: kinds.slice(0, LINK_LIMITS.wordMaxChars),
      version: versions.slice(0, LINK_LIMITS.wordMaxChars),
    },
    slots: { text: isPaused ? 0 : Math.min(slotsUp, LINK_LIMITS.slotsMax), ...images.slots },
    models,
    ...images.report,
    // Said only where it is so: other gateways take what is not said for their own default.
    ...(options.yieldsToLocalUse === true ? { policy: { nsfw: true, yieldToLocal: true } } : {}),
  };
}

/** Each recipe once: the first engine wins it. */
function describeImages(
  { images = [] }: AgentOptions,
  isPaused: boolean,
): { slots: { image?: number }; report: Pick<Capabilities, 'image'> } {
  if (images.length === 0) return { slots: {}, report: {} };
  const recipes = new Map<string, ImageCapability>();
  for (const capability of images.flatMap((host) => host.capabilities())) {
    if (recipes.has(capability.recipe)) continue;
    recipes.set(capability.recipe, isPaused ? { ...capability, slots: 0 } : capability);
  }
  const slots = images.reduce((sum, host) => sum + host.slots(), 0);
  return {
    slots: { image: isPaused ? 0 : Math.min(slots, LINK_LIMITS.slotsMax) },
    report: { image: [...recipes.values()].slice(0, LINK_LIMITS.recipesMax) },
  };
}

type DescribedModel = Offered & { isPaused: boolean; speed: ModelSpeed | undefined };

function describeModel({ host, model, isPaused, speed }: DescribedModel): CapabilityModel {
  const isReady = host.isUp() && !isPaused;
  return {
    alias: model.alias,
    localName: model.localName,
    contextTokens: Math.min(model.contextTokens, LINK_LIMITS.tokensMax),
    maxOutputTokens: Math.min(model.maxOutputTokens, LINK_LIMITS.tokensMax),
    slots: isReady ? Math.min(model.slots, host.slots(), LINK_LIMITS.slotsMax) : 0,
    ...model.capabilities,
    loaded: host.isUp() && model.isLoaded !== false,
    remoteBacked: model.remoteBacked,
    ...(isWordIn(model.digest) ? { digest: model.digest } : {}),
    ...(isWordIn(model.quant) ? { quant: model.quant } : {}),
    ...(model.canContinue === true ? { prefill: true } : {}),
    ...(speed === undefined ? {} : { speed }),
  };
}

function isWordIn(text: string | undefined): text is string {
  return text !== undefined && isWord(text);
}

/** What the link takes as a name: anything else would make it refuse the whole report. */
function isWord(text: string): boolean {
  return text !== '' && text.length <= LINK_LIMITS.nameMaxChars && !/\p{Cc}/u.test(text);
}
