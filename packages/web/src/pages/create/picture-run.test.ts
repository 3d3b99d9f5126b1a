import { describe, expect, it } from 'vitest';
import { readImageEvent } from './picture-run.ts';
import { DEFAULT_SETTINGS, pictureBody, readSeed } from './settings.ts';

const event = (type: string, data: object | string) =>
  readImageEvent({ type, data: typeof data === 'string' ? data : JSON.stringify(data) });

describe('events of the images API', () => {
  it('tell the place, the step and the picture', async () => {
    expect(event('queued', { type: 'queued', position: 3 })).toEqual({
      kind: 'progress',
      progress: { kind: 'queued', position: 3 },
    });
    expect(event('rendering', { step: 99, steps: 32 })).toEqual({
      kind: 'progress',
      progress: { kind: 'rendering', step: 32, steps: 32 },
    });
    const made = event('done', {
      image: 'data:image/png;base64,AQID',
      model: 'm',
      seed: 7,
      width: 512,
      height: 768,
      credits_charged: 18,
      request_id: 'req_1',
    });
    expect(made).toMatchObject({
      picture: { model: 'm', seed: 7, width: 512, height: 768, credits: 18, requestId: 'req_1' },
    });
    const bytes = made?.kind === 'made' ? await made.picture.png.bytes() : undefined;
    expect(bytes).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('tell a failure by its code', () => {
    expect(event('error', { error: { code: 'upstream_failed', message: 'Nobody could.' } })).toEqual({
      kind: 'failed',
      code: 'upstream_failed',
      message: 'Nobody could.',
    });
    expect(event('error', 'broken')).toMatchObject({ kind: 'failed', code: 'answer_interrupted' });
  });

  it.each([
    ['done', { image: 'data:text/html;base64,AQID' }],
    ['done', { image: 'data:image/png;base64,!' }],
    ['done', { image: 'https://example.com/a.png' }],
    ['done', '{'],
    ['queued', '[]'],
    ['message', { step: 1 }],
  ])('are passed over when they are broken: %s %j', (type, data) => {
    expect(event(type, data)).toBeUndefined();
  });
});

describe('the request', () => {
  it('has the size of the aspect, and leaves out what is empty', () => {
    expect(pictureBody({ ...DEFAULT_SETTINGS, model: 'm', prompt: ' a fox ', aspect: 'portrait' })).toEqual({
      model: 'm',
      prompt: 'a fox',
      style: 'photo',
      width: 832,
      height: 1_216,
      steps: 32,
      cfg: 4,
      nsfw: false,
    });
    expect(pictureBody({ ...DEFAULT_SETTINGS, negativePrompt: 'rain', seed: 0 })).toMatchObject({
      negative_prompt: 'rain',
      seed: 0,
    });
  });

  it.each([
    ['', undefined],
    [' 7 ', 7],
    ['4294967295', 4_294_967_295],
    ['4294967296', 'invalid'],
    ['-1', 'invalid'],
    ['1.5', 'invalid'],
    ['1e3', 'invalid'],
    ['x', 'invalid'],
  ])('reads the seed %j as %j', (text, seed) => {
    expect(readSeed(text)).toBe(seed);
  });
});
