import type { Engine, EngineModel } from '../engine.ts';
import { EngineError } from '../engine.ts';
import { askEngine, statusOfEngine, tryEngine } from './ask-engine.ts';
import type { EngineEndpoint } from './engine-http.ts';
import { engineRoot } from './engine-http.ts';
import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';
import type { LinkStatus } from './lm-link.ts';
import { readLinkStatus } from './lm-link.ts';
import type { LmStudioModel } from './lm-studio-models.ts';
import { factsOfLmStudioModel, readNewModel, readOldModel } from './lm-studio-models.ts';
import { describeModel } from './model-settings.ts';
import type { ServerOptions } from './openai-compatible.ts';
import { MODELS_MAX } from './openai-compatible.ts';
import type { EngineLook } from './openai-server.ts';
import { createOpenAiServer } from './openai-server.ts';

export type LmStudioOptions = ServerOptions & {
  slots: number | undefined;
  /** Models that the owner named: these are offered although they are not loaded yet. */
  chosen: ReadonlySet<string>;
  isShared: boolean;
  /** How LM Link is asked for; tests put their own in. */
  askLink?(): Promise<LinkStatus>;
};

/**
 * LM Studio: models by its native API (`/api/v1/models` since 0.4.0, `/api/v0/models` before), chats by its
 * OpenAI-compatible one. Loaded models are offered, and those that the owner names: the first request loads them.
 *
 * With LM Link on, a model of another machine answers here as if it were local, and nothing in the API tells.
 * On shared nodes LM Studio's own program `lms` is therefore asked which models those are.
 *
 * Source: lmstudio.ai/docs/developer (REST API v1 and v0, LM Link), read 2026-11-21; not tried, it has no
 * package to install.
 */
export function createLmStudioEngine(options: LmStudioOptions): Engine {
  const root = engineRoot(options);
  const endpoint: EngineEndpoint = { ...root, baseUrl: `${root.baseUrl}/v1` };

  async function look(signal: AbortSignal): Promise<EngineLook> {
    const listed = await listModels(root, signal);
    const link = options.isShared ? await (options.askLink ?? readLinkStatus)() : undefined;
    const offered = listed.filter(({ name, isLoaded }) => isLoaded || options.chosen.has(name));
    const models = offered.slice(0, MODELS_MAX).map((model): EngineModel => {
      const facts = factsOfLmStudioModel(model, isElsewhere(model, link));
      return describeModel(facts, options.settings);
    });
    const slots = options.slots ?? Math.max(1, ...models.map((model) => model.slots));
    return { version: 'unknown', models, slots, notices: findNotices(listed, models, link) };
  }

  return createOpenAiServer({
    kind: 'lm-studio',
    endpoint,
    timers: options.timers,
    look,
    async probe(signal) {
      const status = await statusOfEngine({ endpoint, path: '/models' }, signal);
      return status !== undefined && status < 500;
    },
  });
}

async function listModels(root: EngineEndpoint, signal: AbortSignal): Promise<LmStudioModel[]> {
  const fresh = await tryEngine({ endpoint: root, path: '/api/v1/models' }, signal);
  const models = entriesOf(fresh?.models);
  if (models !== undefined) return models.flatMap((entry) => readNewModel(entry));
  const old = await askEngine({ endpoint: root, path: '/api/v0/models' }, signal);
  const data = entriesOf(old.data);
  if (data !== undefined) return data.flatMap((entry) => readOldModel(entry));
  const message = 'The engine gives no list of models; is it LM Studio?';
  throw new EngineError({ code: 'engine_failed', message });
}

function entriesOf(list: unknown): JsonObject[] | undefined {
  return Array.isArray(list) ? list.filter(isObject) : undefined;
}

/** With the link up, a model that is not loaded may be loaded on another machine. */
function isElsewhere(model: LmStudioModel, link: LinkStatus | undefined): boolean {
  if (link === undefined || link.state !== 'on') return false;
  return !model.isLoaded || link.remoteModels.has(model.name);
}

function findNotices(
  listed: LmStudioModel[],
  offered: EngineModel[],
  link: LinkStatus | undefined,
): string[] {
  const notices: string[] = [];
  if (offered.length === 0 && listed.length > 0) {
    const names = listed.slice(0, 5).map((model) => model.name);
    notices.push(`no model is loaded: load one in LM Studio, or name one with --model (${names.join(', ')})`);
  }
  if (link?.state === 'unknown') {
    notices.push(
      'whether LM Link is on cannot be seen, because the program lms is not found: turn it off, a shared node may ' +
        'offer models of this machine only',
    );
  }
  return notices;
}
