import { randomBytes } from 'node:crypto';
import type { Engine, EngineModel } from '../engine.ts';
import { readVersion, statusOfEngine, tryEngine } from './ask-engine.ts';
import type { EngineEndpoint } from './engine-http.ts';
import { callEngineJson, engineRoot, engineUrl } from './engine-http.ts';
import type { JsonObject } from './json.ts';
import { countAt, textAt } from './json.ts';
import { describeModel, settingsOf } from './model-settings.ts';
import type { ServerOptions } from './openai-compatible.ts';
import { listModels, MODELS_MAX } from './openai-compatible.ts';
import type { EngineLook } from './openai-server.ts';
import { createOpenAiServer } from './openai-server.ts';

export type VllmOptions = ServerOptions & {
  /** Jobs at once. vLLM batches whatever it gets and does not say how much is good for it. */
  slots: number | undefined;
  /** Other people's requests run here: no prompt may be found again in another one's cache. */
  isShared: boolean;
  /** The owner lets requests of all users share one prefix cache. */
  sharesPromptCache: boolean;
};

const DEFAULT_SLOTS = 16;
const DEFAULT_CONTEXT_TOKENS = 8192;

/**
 * vLLM. It tells the context length (`max_model_len`), its version and how many requests it has; what a model can
 * do it does not tell, so tools are tried out once and the rest is the owner's to say.
 *
 * Its prefix cache is shared by everybody who uses it, but asked with a `cache_salt` it finds only what the same
 * salt put there. On shared nodes each request gets a salt of its own.
 *
 * Source: the API server's code of vLLM 0.32.0 (2026-10), read 2026-11-21; not tried, it needs a GPU.
 */
export function createVllmEngine(options: VllmOptions): Engine {
  const root = engineRoot(options);
  const endpoint: EngineEndpoint = { ...root, baseUrl: `${root.baseUrl}/v1` };
  const slots = options.slots ?? DEFAULT_SLOTS;
  const isIsolated = options.isShared && !options.sharesPromptCache;
  /** By model: asked once, because an answer costs the engine a token. */
  const takesTools = new Map<string, boolean>();

  async function look(signal: AbortSignal): Promise<EngineLook> {
    const listed = (await listModels(endpoint, signal)).slice(0, MODELS_MAX);
    const { version } = (await tryEngine({ endpoint: root, path: '/version' }, signal)) ?? {};
    const models: EngineModel[] = [];
    for (const entry of listed) {
      const localName = textAt(entry, 'id');
      if (localName === undefined) continue;
      const settings = settingsOf({ localName }, options.settings);
      const tools = settings.tools ?? (await tryTools(localName, signal));
      models.push(describeModel(readFacts({ entry, localName, tools, slots }), options.settings));
    }
    return {
      version: readVersion(version),
      models,
      slots,
      notices: [
        ...models.filter(({ capabilities }) => !capabilities.tools).map(toolsNotice),
        ...(options.isShared && !isIsolated ? [SHARED_CACHE_NOTICE] : []),
      ],
    };
  }

  async function tryTools(localName: string, signal: AbortSignal): Promise<boolean> {
    const before = takesTools.get(localName);
    if (before !== undefined) return before;
    const body = toolTrial(localName);
    const status = await statusOfEngine({ endpoint, path: '/chat/completions', body }, signal);
    if (status === 200 || status === 400) takesTools.set(localName, status === 200);
    return status !== 400;
  }

  return createOpenAiServer({
    kind: 'vllm',
    endpoint,
    timers: options.timers,
    look,
    async probe(signal) {
      return (await statusOfEngine({ endpoint: root, path: '/health' }, signal)) === 200;
    },
    countRequests: (signal) => countRequests(root, signal),
    extraBody: () => (isIsolated ? { cache_salt: randomBytes(32).toString('base64url') } : {}),
  });
}

function readFacts({
  entry,
  localName,
  tools,
  slots,
}: {
  entry: JsonObject;
  localName: string;
  tools: boolean;
  slots: number;
}) {
  const most = countAt(entry, 'max_model_len');
  return {
    localName,
    contextTokens: most ?? DEFAULT_CONTEXT_TOKENS,
    ...(most === undefined ? {} : { contextMaxTokens: most }),
    slots,
    // Structured output is always built in. Pictures and separate reasoning are never told of.
    capabilities: { tools, vision: false, thinking: false, jsonSchema: true },
    remoteBacked: false,
  };
}

/** One token with a tool: a server without `--enable-auto-tool-choice` answers 400. */
function toolTrial(localName: string): JsonObject {
  return {
    model: localName,
    messages: [{ role: 'user', content: 'Hello' }],
    max_tokens: 1,
    tools: [{ type: 'function', function: { name: 'none', parameters: { type: 'object', properties: {} } } }],
  };
}

function toolsNotice({ localName }: EngineModel): string {
  return (
    `model ${localName} is offered without tools: start vLLM with --enable-auto-tool-choice and ` +
    '--tool-call-parser, or leave it'
  );
}

const SHARED_CACHE_NOTICE =
  'share_prompt_cache is on: requests of different people use one prefix cache, so one can find out what another ' +
  'one sent';

/** Running and waiting requests of all models, of `/metrics`. Rejects when vLLM is gone. */
async function countRequests(root: EngineEndpoint, signal: AbortSignal): Promise<number | undefined> {
  const call = { method: 'GET', url: engineUrl(root, '/metrics') } as const;
  const { status, text } = await callEngineJson(root, call, signal);
  if (status !== 200) {
    const health = await callEngineJson(root, { method: 'GET', url: engineUrl(root, '/health') }, signal);
    if (health.status !== 200) throw new Error('vLLM is not healthy.');
    return undefined;
  }
  const lines = text.matchAll(/^vllm:num_requests_(?:running|waiting)(?:\{[^}\n]*\})? ([\d.e+]+)$/gmu);
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}
