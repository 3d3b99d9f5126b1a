import {
  callPublic,
  PublicFailure,
  readFailure,
  requestIdOf,
  type KeyOwner,
} from '../../studio/browser-key.ts';
import { readEvents, type ServerEvent } from '../../studio/event-stream.ts';
import { numberAt, parseObject, textAt } from '../../studio/json.ts';
import { pictureBody, type PictureSettings } from './settings.ts';

/** How far a picture is. `position` counts from 1; step 0 says that a node has it and is getting ready. */
export type Progress =
  | { kind: 'sent' }
  | { kind: 'queued'; position: number }
  | { kind: 'rendering'; step: number; steps: number };

export type MadePicture = {
  png: Blob;
  model: string;
  seed: number;
  width: number;
  height: number;
  credits: number;
  requestId: string;
};

export type Outcome =
  | { kind: 'progress'; progress: Progress }
  | { kind: 'made'; picture: MadePicture }
  | { kind: 'failed'; code: string; message: string };

const PNG_START = 'data:image/png;base64,';

/** One event of the images API. Undefined for those that say nothing here, and for broken ones. */
export function readImageEvent({ type, data }: ServerEvent): Outcome | undefined {
  if (type === 'error') return { kind: 'failed', ...readFailure(data, 'answer_interrupted') };
  const fields = parseObject(data);
  if (fields === undefined) return undefined;
  if (type === 'queued') {
    return { kind: 'progress', progress: { kind: 'queued', position: numberAt(fields, 'position') } };
  }
  if (type === 'rendering') {
    const steps = Math.max(1, numberAt(fields, 'steps'));
    const step = Math.min(steps, numberAt(fields, 'step'));
    return { kind: 'progress', progress: { kind: 'rendering', step, steps } };
  }
  if (type !== 'done') return undefined;
  const png = readPng(textAt(fields, 'image'));
  if (png === undefined) return undefined;
  return {
    kind: 'made',
    picture: {
      png,
      model: textAt(fields, 'model'),
      seed: numberAt(fields, 'seed'),
      width: numberAt(fields, 'width'),
      height: numberAt(fields, 'height'),
      credits: numberAt(fields, 'credits_charged'),
      requestId: textAt(fields, 'request_id'),
    },
  };
}

function readPng(dataUrl: string): Blob | undefined {
  if (!dataUrl.startsWith(PNG_START)) return undefined;
  try {
    const bytes = Uint8Array.from(atob(dataUrl.slice(PNG_START.length)), (letter) => letter.charCodeAt(0));
    return new Blob([bytes], { type: 'image/png' });
  } catch {
    return undefined;
  }
}

/**
 * Has one picture made. Throws `PublicFailure` when there is none, also when the connection is lost before it came, and
 * `AbortError` after `signal`: the gateway then stops the node and gives back what was held.
 */
export async function makePicture(
  owner: KeyOwner,
  settings: PictureSettings,
  options: { signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<MadePicture> {
  const response = await callPublic({
    owner,
    path: '/api/images/create',
    body: pictureBody(settings),
    headers: { accept: 'text/event-stream' },
    signal: options.signal,
  });
  let last: Outcome | undefined;
  const hear = (events: readonly ServerEvent[]) => {
    for (const event of events) {
      const outcome = readImageEvent(event);
      if (outcome?.kind === 'progress') options.onProgress(outcome.progress);
      else last ??= outcome;
    }
  };
  try {
    if (response.body !== null) await readEvents(response.body, hear);
  } catch (error) {
    // After an error the gateway cuts the connection, on purpose.
    if (last === undefined && options.signal.aborted) throw error;
  }
  const requestId = requestIdOf(response);
  if (last?.kind === 'made') return last.picture;
  if (last?.kind === 'failed') throw new PublicFailure(502, last, requestId);
  throw new PublicFailure(
    0,
    { code: 'network', message: 'The connection was lost before the picture came.' },
    requestId,
  );
}
