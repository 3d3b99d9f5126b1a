import { messageOf } from '../../api/client.ts';
import { callPublic, isAbort, PublicFailure, requestIdOf, type KeyOwner } from '../../studio/browser-key.ts';
import { readEvents } from '../../studio/event-stream.ts';
import { numberAt, parseObject } from '../../studio/json.ts';
import { emptyAnswer, snapshot, type Answer } from './conversation.ts';
import type { Surface } from './surface.ts';

/** The page draws a growing answer at most this often. */
const SHOW_EVERY_MS = 60;

export type AnswerCall = { owner: KeyOwner; surface: Surface; body: object; signal: AbortSignal };

/** Asks, and reads the answer while it comes. Never throws: what went wrong is in the answer. */
export async function streamAnswer(call: AnswerCall, onChange: (answer: Answer) => void): Promise<Answer> {
  const { owner, surface, body, signal } = call;
  const draft = emptyAnswer();
  const read = surface.createReader(draft);
  let shownMs = 0;
  try {
    const response = await callPublic({ owner, path: surface.path, body, signal });
    draft.requestId = requestIdOf(response);
    if (response.body !== null) {
      await readEvents(response.body, (events) => {
        for (const event of events) if (draft.end === 'running') read(event);
        if (Date.now() - shownMs < SHOW_EVERY_MS) return;
        shownMs = Date.now();
        onChange(snapshot(draft));
      });
    }
    if (draft.end === 'running') broken(draft, LOST);
  } catch (error) {
    // After an error event the gateway cuts the connection, on purpose.
    if (draft.end === 'running') endWith(draft, error);
  }
  return snapshot(draft);
}

const LOST = { code: 'network', message: 'The connection was lost before the answer was whole.' };

function broken(draft: Answer, failure: { code: string; message: string }): void {
  draft.end = 'failed';
  draft.failure ??= failure;
}

function endWith(draft: Answer, error: unknown): void {
  if (isAbort(error)) {
    draft.end = 'stopped';
  } else if (error instanceof PublicFailure) {
    broken(draft, { code: error.code, message: error.message });
    draft.requestId = error.requestId;
  } else {
    broken(draft, draft.requestId === '' ? { code: 'internal', message: messageOf(error) } : LOST);
  }
}

/** The most that the request can cost, in µ$. Asks nothing of a model. Throws as `callPublic`. */
export async function quoteMicros(call: AnswerCall): Promise<number> {
  const { owner, surface, body, signal } = call;
  const headers = { 'x-dry-run': 'true' };
  const response = await callPublic({ owner, path: surface.path, body, headers, signal });
  return Math.round(numberAt(parseObject(await response.text()), 'max_cost') * 1_000_000);
}
