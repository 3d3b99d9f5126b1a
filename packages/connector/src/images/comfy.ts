import { randomUUID } from 'node:crypto';
import { EngineError } from '../engine.ts';
import type { EngineFault } from '../engine.ts';
import { readVersion } from '../engines/ask-engine.ts';
import { engineRoot } from '../engines/engine-http.ts';
import { isObject, objectAt } from '../engines/json.ts';
import type { RecipeModels } from './choose-recipes.ts';
import { chooseRecipes, offeredRecipes } from './choose-recipes.ts';
import type { ComfyState } from './comfy-api.ts';
import { forgetPrompt, listCheckpoints, stateOf, stopPrompt, submitGraph } from './comfy-api.ts';
import { checkpointGraph } from './comfy-graph.ts';
import type { ComfySocket } from './comfy-socket.ts';
import { openComfySocket } from './comfy-socket.ts';
import type { ImageEngine, RenderJob, RenderWatch } from './image-engine.ts';
import type { ImageServer } from './image-http.ts';
import { askImageServer, isImageServerUp, pause } from './image-http.ts';
import { checkPicture } from './picture.ts';

const STATS_PATH = '/system_stats';
const POLL_MS = 1_000;
/** Looks in a row without an answer, or without a trace of the prompt, until it is given up. */
const MISSES_MAX = 5;
/** Without a step for so long the engine hangs. Before the first step it may have to load a model. */
export const STALL_MS = 180_000;
/** The picture comes on another line than the news that it is made. */
export const PICTURE_MS = 5_000;
/** Looks after an interrupted prompt until it is left to itself. */
const STOP_LOOKS_MAX = 30;

const NO_SOCKET: EngineFault = { code: 'engine_unreachable', message: 'ComfyUI opens no WebSocket.' };
const NO_PICTURE: EngineFault = {
  code: 'engine_failed',
  message: 'ComfyUI made the picture, but did not send it.',
};
const LOST: EngineFault = { code: 'engine_failed', message: 'ComfyUI knows nothing of the job any more.' };
const STALLED: EngineFault = { code: 'timeout', message: 'ComfyUI made no step for three minutes.' };

/** What the socket has brought so far. */
type Seen = { png: Buffer | undefined; movedAtMs: number; wake: () => void };

/**
 * ComfyUI. A job is a graph of the connector's own (`comfy-graph.ts`) at `POST /prompt`; `GET /history/ID` and
 * `GET /queue` say how it stands; the socket brings steps and the picture. Afterwards its entry in the history, which
 * holds the prompt, is deleted. Nothing is written to the disk. ComfyUI's `server.py` and `execution.py`, excerpts of copies seen
 * 2026-11-21. It makes one picture at a time.
 */
export function createComfyEngine(options: ImageServer): ImageEngine {
  const server: ImageServer = { ...options, endpoint: engineRoot(options.endpoint) };
  const { timers } = server;
  let models: RecipeModels = new Map();
  let version = 'unknown';

  async function render(job: RenderJob, watch: RenderWatch): Promise<Uint8Array> {
    const clientId = randomUUID();
    const wantedId = randomUUID();
    let promptId: string = wantedId;
    const seen: Seen = { png: undefined, movedAtMs: timers.nowMs(), wake: () => undefined };
    const connect = (): ComfySocket =>
      openComfySocket(server.endpoint, clientId, {
        onStep(id, step) {
          if (id !== promptId) return;
          seen.movedAtMs = timers.nowMs();
          watch.onStep(step);
        },
        onPng(png) {
          seen.png = png;
          seen.wake();
        },
      });
    let socket = connect();
    try {
      await socket.ready;
      watch.signal.throwIfAborted();
      if (!socket.isOpen()) throw new EngineError(NO_SOCKET);
      const prompt = checkpointGraph(job, models.get(job.recipe) ?? '');
      const body = { prompt, client_id: clientId, prompt_id: wantedId };
      promptId = await submitGraph(server, body);
      await untilDone(promptId, { seen, signal: watch.signal }, () => {
        if (!socket.isOpen()) socket = connect();
      });
      return checkPicture(await pictureOf(seen, watch.signal), job);
    } catch (error) {
      await stop(promptId);
      throw error;
    } finally {
      socket.close();
      await forgetPrompt(server, promptId);
    }
  }

  /** Resolves when the history says that all went well; rejects when it does not, or when nothing moves. */
  async function untilDone(
    id: string,
    { seen, signal }: { seen: Seen; signal: AbortSignal },
    keepSocket: () => void,
  ): Promise<void> {
    let misses = 0;
    for (;;) {
      await pause(timers, POLL_MS, signal);
      keepSocket();
      const state = await stateOf(server, id, signal).catch((error: unknown) => {
        if (signal.aborted || misses + 1 >= MISSES_MAX) throw error;
        return 'unknown' as const;
      });
      if (state === 'done') return;
      if (typeof state === 'object') throw new EngineError(state.fault);
      misses = state === 'unknown' ? misses + 1 : 0;
      if (misses >= MISSES_MAX) throw new EngineError(LOST);
      if (timers.nowMs() - seen.movedAtMs >= STALL_MS) throw new EngineError(STALLED);
    }
  }

  async function pictureOf(seen: Seen, signal: AbortSignal): Promise<Buffer> {
    if (seen.png === undefined) {
      const came = Promise.withResolvers<void>();
      seen.wake = () => came.resolve();
      await Promise.race([came.promise, pause(timers, PICTURE_MS, signal)]);
    }
    if (seen.png === undefined) throw new EngineError(NO_PICTURE);
    return seen.png;
  }

  /** Settles when the prompt neither waits nor runs, or when the engine does not let go of it. */
  async function stop(id: string): Promise<void> {
    const never = new AbortController().signal;
    for (let looks = 0; looks < STOP_LOOKS_MAX; looks += 1) {
      const state = await stateOf(server, id).catch((): ComfyState => 'unknown');
      if (state !== 'waiting' && state !== 'running') return;
      await stopPrompt(server, id, state);
      await pause(timers, POLL_MS, never);
    }
  }

  return {
    kind: 'comfyui',
    get version() {
      return version;
    },
    get recipes() {
      return offeredRecipes(models);
    },
    slots: 1,
    async start() {
      const stats = await askImageServer(server, { method: 'GET', path: STATS_PATH });
      version = readVersion(isObject(stats) ? objectAt(stats, 'system').comfyui_version : undefined);
      models = chooseRecipes(await listCheckpoints(server), server.choices);
    },
    probe: (signal) => isImageServerUp(server, STATS_PATH, signal),
    render,
    async close() {
      // Nothing is held open between renders.
    },
  };
}
