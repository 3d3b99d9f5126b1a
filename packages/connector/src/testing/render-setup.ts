import { crc32, deflateSync } from 'node:zlib';
import type { ImageEngine, RenderJob } from '../images/image-engine.ts';
import type { ImageServer } from '../images/image-http.ts';
import type { VirtualTimers } from './virtual-timers.ts';
import { createVirtualTimers } from './virtual-timers.ts';

/** Longer waits than these are timeouts, which pass when the test says so. */
const POLL_MAX_MS = 1_000;

/** Virtual time in which the short waits between two questions are over at once. */
export function createPollTimers(): VirtualTimers {
  const timers = createVirtualTimers();
  return {
    ...timers,
    after(delayMs, task) {
      if (delayMs > POLL_MAX_MS) return timers.after(delayMs, task);
      const handle = setImmediate(task);
      return { cancel: () => clearImmediate(handle) };
    },
  };
}

export function serverOf(baseUrl: string, replaced: Partial<ImageServer> = {}): ImageServer {
  return {
    endpoint: { baseUrl, apiKey: undefined, allowLan: false },
    slots: 1,
    choices: undefined,
    timers: createPollTimers(),
    ...replaced,
  };
}

export function renderJobOf(replaced: Partial<RenderJob> = {}): RenderJob {
  return {
    recipe: 'sdxl@1',
    sampling: 'dpmpp_2m karras',
    prompt: 'a fox',
    negativePrompt: 'rain',
    width: 512,
    height: 576,
    steps: 12,
    cfg: 4.5,
    seed: 9,
    ...replaced,
  };
}

/** Starts a render, whose steps are heard and which can be given up. */
export function startRender(engine: ImageEngine, job: RenderJob = renderJobOf()) {
  const abort = new AbortController();
  const steps: number[] = [];
  const picture = engine.render(job, { signal: abort.signal, onStep: (step) => steps.push(step) });
  // Looked at later: a failure before that is none that nobody handles.
  picture.catch(() => undefined);
  return { picture, steps, cancel: () => abort.abort() };
}

/** Engines write the prompt into the picture unless they are told not to, and some do then. */
const PROMPT = 'a marker-fox';

/** A black picture, with a prompt in every kind of chunk that can hold words. */
export function pngOf(width = 512, height = 576): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.alloc((1 + 3 * width) * height));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const words = Buffer.from(`parameters\0${PROMPT}`);
  const chunks = [
    chunkOf('IHDR', header),
    chunkOf('tEXt', words),
    chunkOf('zTXt', Buffer.concat([Buffer.from('prompt\0\0'), deflateSync(PROMPT)])),
    chunkOf('eXIf', words),
    chunkOf('IDAT', pixels),
    chunkOf('iTXt', Buffer.from(`workflow\0\0\0\0\0${PROMPT}`)),
    chunkOf('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...chunks]);
}

function chunkOf(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(data.length, 0);
  numbers.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([numbers.subarray(0, 4), body, numbers.subarray(4)]);
}
