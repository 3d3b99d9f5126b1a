import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { Engine } from '../engine.ts';
import { EngineError } from '../engine.ts';
import type { Timers } from '../timers.ts';
import { statusOfEngine } from './ask-engine.ts';
import type { ChildServer } from './child-server.ts';
import { createChildServer } from './child-server.ts';
import type { EngineEndpoint } from './engine-http.ts';
import { createLlamaCppEngine } from './llama-cpp.ts';
import type { ModelSettings } from './model-settings.ts';

export type LlamaServerOptions = {
  /** Full path of `llama-server`. */
  program: string;
  /** Words before any others; tests run a script with them. */
  words?: string[];
  file: string;
  /** What the model is called. */
  alias: string;
  slots: number;
  /** For each job. Absent: as much as the model has and the memory takes. */
  contextTokens: number | undefined;
  isShared: boolean;
  /** Of the connector. What the server takes from it is said below. */
  environment: Readonly<Record<string, string | undefined>>;
  settings: ReadonlyMap<string, ModelSettings>;
  timers: Timers;
};

type Started = { server: ChildServer; engine: Engine };

const READY_TIMEOUT_MS = 400;
/** So many looks in a row without an answer, 10 s apart and more, and the server hangs: its answers need no model. */
const MISSES_UNTIL_KILLED = 3;

/**
 * Any GGUF file on llama.cpp's `llama-server`, which runs as a child of the connector on a free port of the
 * loopback, behind a key that only the two know. It is started when the models are first asked for, started
 * again when it crashes, and ends with the connector.
 *
 * Source: `tools/server/README.md` of llama.cpp build 11434 (2026-10), read and tried 2026-11-21.
 */
export function createLlamaServerEngine(options: LlamaServerOptions): Engine {
  const apiKey = randomBytes(24).toString('base64url');
  let started: Promise<Started> | undefined;
  const listeners: (() => void)[] = [];
  let isClosed = false;

  async function launch(): Promise<Started> {
    const port = await findFreePort();
    const endpoint = { baseUrl: `http://127.0.0.1:${port}`, apiKey, allowLan: false };
    const server = createChildServer({
      name: 'llama-server',
      program: options.program,
      words: options.words ?? [],
      environment: serverEnvironment(options, port, apiKey),
      isReady: () => isReady(endpoint),
      timers: options.timers,
    });
    for (const listener of listeners) server.onChange(listener);
    const { settings, timers, isShared } = options;
    const engine = createLlamaCppEngine({
      ...endpoint,
      settings,
      timers,
      isShared,
      sharesPromptCache: false,
    });
    if (!isClosed) server.start();
    return { server, engine };
  }

  /** Once; a machine without a free port is asked again the next time. */
  function start(): Promise<Started> {
    started ??= launch().catch((error: unknown) => {
      started = undefined;
      throw error;
    });
    return started;
  }

  let running: Engine | undefined;
  let misses = 0;

  /** Asks the server, and ends it when it has not answered for too long. */
  async function watched<Answer>(ask: (engine: Engine) => Promise<Answer>): Promise<Answer> {
    const { server, engine } = await start();
    running = engine;
    const problem = server.problem();
    if (problem !== undefined) throw new EngineError(problem);
    try {
      const answer = await ask(engine);
      misses = 0;
      return answer;
    } catch (error) {
      misses += 1;
      if (misses >= MISSES_UNTIL_KILLED) {
        misses = 0;
        server.kill('it did not answer any more');
      }
      throw error instanceof EngineError && error.fault.isStarting === true ? error : NO_ANSWER;
    }
  }

  return {
    kind: 'llama-cpp',
    get version() {
      return running?.version ?? 'unknown';
    },
    inventory: (signal) => watched((engine) => engine.inventory(signal)),
    async probe(signal) {
      return (await running?.probe(signal)) ?? false;
    },
    countRequests: (signal) => watched(async (engine) => engine.countRequests?.(signal)),
    slots: () => running?.slots?.(),
    notices: () => running?.notices?.() ?? [],
    onChange: (listener) => void listeners.push(listener),
    run(job, sink) {
      if (running === undefined) throw new Error('A job came before the model was listed.');
      return running.run(job, sink);
    },
    async close() {
      isClosed = true;
      const { server } = (await started?.catch(() => undefined)) ?? {};
      await server?.stop();
    },
  };
}

const NO_ANSWER = new EngineError({
  code: 'engine_unreachable',
  message: 'llama-server does not answer.',
  fix: 'It is started again when it stays silent.',
});

async function isReady(endpoint: EngineEndpoint): Promise<boolean> {
  const status = await statusOfEngine({ endpoint, path: '/health' }, AbortSignal.timeout(READY_TIMEOUT_MS));
  return status === 200;
}

/**
 * Settings go by the environment: an older server leaves variables that it does not know alone, but refuses to
 * start with an unknown flag. The owner's own `LLAMA_ARG_...` variables (layers on the GPU, threads, a projector
 * for pictures) pass, except those that would open or log something, and nothing of the connector's own.
 */
function serverEnvironment(
  options: LlamaServerOptions,
  port: number,
  apiKey: string,
): Record<string, string | undefined> {
  const { contextTokens, slots } = options;
  const passed = Object.entries(options.environment).filter(([name]) => !WITHHELD.test(name));
  return {
    ...Object.fromEntries(passed),
    LLAMA_ARG_MODEL: options.file,
    LLAMA_ARG_ALIAS: options.alias,
    LLAMA_ARG_HOST: '127.0.0.1',
    LLAMA_ARG_PORT: String(port),
    LLAMA_API_KEY: apiKey,
    LLAMA_ARG_N_PARALLEL: String(slots),
    LLAMA_ARG_UI: 'false',
    LLAMA_ARG_OFFLINE: 'true',
    // The size is that of all slots together.
    ...(contextTokens === undefined ? {} : { LLAMA_ARG_CTX_SIZE: String(contextTokens * slots) }),
    // Finished prompts of other people are not kept.
    ...(options.isShared ? { LLAMA_ARG_CACHE_RAM: '0' } : {}),
  };
}

const WITHHELD =
  /^(?:SWITCHYARD_|LLAMA_SERVER_|LLAMA_API_KEY|LLAMA_ARG_(?:TOOLS|AGENT|MCP|LOG|SSL|API|ENDPOINT|MODEL|HF|DOCKER|HOST|PORT|REUSE_PORT|UI|WEBUI|STATIC|CORS|CONTEXT_SHIFT))/u;

/** A port that nobody listens on now. */
function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
