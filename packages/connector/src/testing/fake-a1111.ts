import type { ServerResponse } from 'node:http';
import type { FakeEngineServer } from './fake-engine-server.ts';
import { sendJson, startFakeEngineServer } from './fake-engine-server.ts';
import { pngOf } from './render-setup.ts';

export type FakeA1111Options = {
  titles?: string[];
  /** `hangs`: no step, and interrupts are passed over. `interrupted`: by its owner. */
  render?:
    | 'works'
    | 'out-of-memory'
    | 'fails'
    | 'refuses'
    | 'no-picture'
    | 'stays'
    | 'hangs'
    | 'interrupted'
    | 'breaks-off';
  /** False: it was started without `--api`. */
  hasApi?: boolean;
};

/** Steps that it makes, one at each look at its progress. */
const STEPS = 3;

/** Plays the web UI's API as its `modules/api` of 2026 has it, with the words of its errors. */
export async function startFakeA1111({
  titles = ['sd_xl_base_1.0.safetensors [31e35c80fc]'],
  render = 'works',
  hasApi = true,
}: FakeA1111Options = {}): Promise<FakeEngineServer> {
  let waiting: ServerResponse | undefined;
  let step = 0;
  let isInterrupted = false;

  function finish(): void {
    const images = render === 'no-picture' ? [] : [pngOf().toString('base64')];
    if (waiting !== undefined) sendJson(waiting, 200, { images, parameters: {}, info: '{}' });
    waiting = undefined;
  }

  function look(response: ServerResponse): void {
    if (waiting !== undefined && render !== 'hangs') step += 1;
    if (render === 'interrupted' && step === 2) isInterrupted = true;
    const state = {
      interrupted: isInterrupted,
      job: 'scripts_txt2img',
      sampling_step: step,
      sampling_steps: STEPS,
    };
    sendJson(response, 200, { progress: step / STEPS, eta_relative: 1, state, current_image: null });
    if (render === 'breaks-off' && step === 2) waiting?.destroy();
    if (step >= STEPS && (render === 'works' || render === 'no-picture')) finish();
  }

  function begin(response: ServerResponse): void {
    const body = { prompt: 'a fox' };
    if (render === 'out-of-memory') {
      return sendJson(response, 500, {
        error: 'OutOfMemoryError',
        detail: '',
        body,
        errors: 'CUDA out of memory.',
      });
    }
    if (render === 'fails')
      return sendJson(response, 500, { error: 'RuntimeError', detail: '', body, errors: 'a fox' });
    if (render === 'refuses') return sendJson(response, 422, { detail: [{ msg: 'a fox' }] });
    waiting = response;
    return undefined;
  }

  return startFakeEngineServer(({ method, path }, response) => {
    if (!hasApi) return sendJson(response, 404, { detail: 'Not Found' });
    if (path === '/sdapi/v1/sd-models') {
      return sendJson(
        response,
        200,
        titles.map((title) => ({ title, model_name: title, filename: `/m/${title}` })),
      );
    }
    if (path.startsWith('/sdapi/v1/progress')) return look(response);
    if (path === '/sdapi/v1/txt2img' && method === 'POST') return begin(response);
    if (path !== '/sdapi/v1/interrupt') return sendJson(response, 404, {});
    isInterrupted = true;
    sendJson(response, 200, {});
    // What it has by then is sent as if it were the picture.
    return render === 'hangs' ? undefined : finish();
  });
}
