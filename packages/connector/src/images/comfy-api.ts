import { EngineError } from '../engine.ts';
import type { EngineFault } from '../engine.ts';
import type { JsonObject } from '../engines/json.ts';
import { isObject, objectAt, textAt } from '../engines/json.ts';
import { GRAPH_CLASSES } from './comfy-graph.ts';
import type { ImageServer } from './image-http.ts';
import {
  askImageServer,
  callImageServer,
  faultOfImageAnswer,
  OUT_OF_MEMORY,
  saysOutOfMemory,
} from './image-http.ts';

/** How a prompt stands at the engine. `unknown`: neither waiting, nor running, nor ended. */
export type ComfyState = 'waiting' | 'running' | 'unknown' | 'done' | { fault: EngineFault };

const CLEAN_MS = 2_000;

const NO_MODEL: EngineFault = {
  code: 'engine_failed',
  message: 'The image engine does not have the model any more.',
};
const REFUSED: EngineFault = { code: 'engine_failed', message: 'The image engine refused the recipe.' };
const FAILED: EngineFault = {
  code: 'engine_failed',
  message: 'The image engine failed to make the picture.',
};
const INTERRUPTED: EngineFault = { code: 'engine_failed', message: 'Somebody interrupted the image engine.' };

/**
 * The names of the checkpoints. Throws an `EngineError` when a class of the graph is not there, or not ComfyUI's own.
 * `GET /object_info/CLASS` gives `{}` for a class that it does not have.
 */
export async function listCheckpoints(server: ImageServer): Promise<string[]> {
  let checkpoints: string[] = [];
  for (const [name, module] of GRAPH_CLASSES) {
    const answer = await askImageServer(server, { method: 'GET', path: `/object_info/${name}` });
    const info = isObject(answer) ? objectAt(answer, name) : {};
    if (info.python_module !== module) throw new EngineError(foreignClass(name));
    if (name === 'CheckpointLoaderSimple') checkpoints = optionsOf(info);
  }
  return checkpoints;
}

function foreignClass(name: string): EngineFault {
  return {
    code: 'engine_failed',
    message: `ComfyUI lacks its own node ${name}, or an extension has replaced it.`,
    fix: 'Update ComfyUI; take the extension out that replaces nodes of ComfyUI itself.',
  };
}

/** Either `[[NAME, ...]]` or, since 2025, `["COMBO", { options: [NAME, ...] }]`. */
function optionsOf(info: JsonObject): string[] {
  const field = objectAt(objectAt(info, 'input'), 'required').ckpt_name;
  if (!Array.isArray(field)) return [];
  const [first, second] = field as readonly unknown[];
  const options: unknown = Array.isArray(first) ? first : isObject(second) ? second.options : undefined;
  return Array.isArray(options) ? options.filter((name) => typeof name === 'string') : [];
}

/**
 * Gives the id of the prompt. Not to be given up half-way: a prompt that is cancelled must be known to be stopped. An engine of before 2025-08 takes no id from outside and gives one of its own.
 */
export async function submitGraph(
  server: ImageServer,
  body: { prompt: JsonObject; client_id: string; prompt_id: string },
): Promise<string> {
  const answer = await callImageServer(server, { method: 'POST', path: '/prompt', body });
  if (answer.status === 400)
    throw new EngineError(answer.text.includes('value_not_in_list') ? NO_MODEL : REFUSED);
  if (answer.status !== 200) throw new EngineError(faultOfImageAnswer(answer));
  const id = isObject(answer.body) ? textAt(answer.body, 'prompt_id') : undefined;
  if (id === undefined || !/^[\w-]{1,100}$/u.test(id)) throw new EngineError(REFUSED);
  return id;
}

/** The history is the truth: messages of the socket can stop while the engine goes on. */
export async function stateOf(server: ImageServer, id: string, signal?: AbortSignal): Promise<ComfyState> {
  const ended = await endOf(server, id, signal);
  if (ended !== undefined) return ended;
  const queue = await askImageServer(server, { method: 'GET', path: '/queue' }, signal);
  if (!isObject(queue)) return 'unknown';
  if (hasPrompt(queue.queue_running, id)) return 'running';
  return hasPrompt(queue.queue_pending, id) ? 'waiting' : 'unknown';
}

async function endOf(server: ImageServer, id: string, signal?: AbortSignal): Promise<ComfyState | undefined> {
  const history = await askImageServer(server, { method: 'GET', path: `/history/${id}` }, signal);
  const entry = isObject(history) ? history[id] : undefined;
  if (!isObject(entry)) return undefined;
  const status = objectAt(entry, 'status');
  return status.status_str === 'success' ? 'done' : { fault: faultOfMessages(status.messages) };
}

/** Entries are `[number, id, graph, ...]`. */
function hasPrompt(queue: unknown, id: string): boolean {
  return Array.isArray(queue) && queue.some((entry: unknown) => Array.isArray(entry) && entry[1] === id);
}

/** Of `[["execution_error", { exception_type, exception_message, ... }], ...]`. */
function faultOfMessages(messages: unknown): EngineFault {
  for (const message of Array.isArray(messages) ? (messages as readonly unknown[]) : []) {
    if (!Array.isArray(message)) continue;
    const [type, data] = message as readonly unknown[];
    if (type === 'execution_interrupted') return INTERRUPTED;
    if (type !== 'execution_error' || !isObject(data)) continue;
    const words = `${textAt(data, 'exception_type') ?? ''} ${textAt(data, 'exception_message') ?? ''}`;
    return saysOutOfMemory(words) ? OUT_OF_MEMORY : FAILED;
  }
  return FAILED;
}

/** Takes the prompt out of the queue, and interrupts it when it is the one that runs. Never rejects. */
export async function stopPrompt(server: ImageServer, id: string, state: ComfyState): Promise<void> {
  await send(server, '/queue', { delete: [id] });
  // Older versions interrupt whatever runs, so that is looked at first.
  if (state === 'running') await send(server, '/interrupt', { prompt_id: id });
}

/** The graph of an ended prompt stays in the history, with its words, until it is deleted. Never rejects. */
export function forgetPrompt(server: ImageServer, id: string): Promise<void> {
  return send(server, '/history', { delete: [id] });
}

async function send(server: ImageServer, path: string, body: JsonObject): Promise<void> {
  await callImageServer(server, { method: 'POST', path, body, timeoutMs: CLEAN_MS }).catch(() => undefined);
}
