import type { ServerResponse } from 'node:http';
import type { FakeEngineServer } from './fake-engine-server.ts';
import { sendJson, startFakeEngineServer } from './fake-engine-server.ts';
import { pngOf } from './render-setup.ts';

export type FakeSdCppOptions = {
  stem?: string;
  /** How the job goes. `stays`: it is worked on for ever. `gone`: its result was thrown away. */
  job?:
    | 'works'
    | 'fails'
    | 'out-of-memory'
    | 'stays'
    | 'gone'
    | 'cancelled'
    | 'no-picture'
    | 'other-size'
    | 'errors';
  /** What the submission is answered with. */
  submit?: 202 | 400 | 429 | 'no-id';
};

/** Plays `sd-server` as its api.md (commit 0137f168, read 2026-11-21) describes it. */
export async function startFakeSdCpp({
  stem = 'sd_xl_base_1.0',
  job = 'works',
  submit = 202,
}: FakeSdCppOptions = {}): Promise<FakeEngineServer> {
  let looks = 0;
  let isCancelled = false;
  return startFakeEngineServer(({ method, path }, response) => {
    if (path === '/sdcpp/v1/capabilities') {
      sendJson(response, 200, {
        model: { name: `${stem}.safetensors`, stem, path: `/models/${stem}.safetensors` },
        supported_modes: ['img_gen'],
        limits: { min_width: 64, max_width: 1024, min_height: 64, max_height: 1024, max_queue_size: 8 },
      });
    } else if (path === '/sdcpp/v1/img_gen') {
      if (submit === 400) sendJson(response, 400, { error: 'invalid generation parameters' });
      else if (submit === 429) sendJson(response, 429, { error: 'job queue is full' });
      else
        sendJson(
          response,
          202,
          submit === 'no-id' ? {} : { id: 'job_01', kind: 'img_gen', status: 'queued' },
        );
    } else if (path === '/sdcpp/v1/jobs/job_01/cancel' && method === 'POST') {
      isCancelled = true;
      sendJson(response, 200, { id: 'job_01', status: 'cancelled' });
    } else if (path === '/sdcpp/v1/jobs/job_01') {
      looks += 1;
      if (job === 'errors') sendJson(response, 500, { error: 'server_error' });
      else if (job === 'gone') sendJson(response, 410, { error: 'job expired' });
      else if (looks === 1) sendJob(response, 'queued');
      else if (job === 'stays' && !isCancelled) sendJob(response, 'generating');
      else sendEnd(response, isCancelled ? 'cancelled' : job);
    } else {
      sendJson(response, 404, {});
    }
  });
}

const FAILURES: Readonly<Record<string, string>> = {
  fails: 'no results for: a fox',
  'out-of-memory': 'failed to allocate buffer',
};

function sendEnd(response: ServerResponse, job: NonNullable<FakeSdCppOptions['job']>): void {
  const failure = FAILURES[job];
  if (failure !== undefined) {
    sendJob(response, 'failed', { error: { code: 'generation_failed', message: failure } });
  } else if (job === 'cancelled') {
    sendJob(response, 'cancelled', { error: { code: 'cancelled', message: 'job cancelled by client' } });
  } else {
    const png = job === 'other-size' ? pngOf(64, 64) : pngOf();
    const images = job === 'no-picture' ? [] : [{ index: 0, b64_json: png.toString('base64') }];
    sendJob(response, 'completed', { result: { output_format: 'png', images } });
  }
}

function sendJob(response: ServerResponse, status: string, more: object = {}): void {
  const job = { id: 'job_01', kind: 'img_gen', status, queue_position: 0, result: null, error: null };
  sendJson(response, 200, { ...job, ...more });
}
