import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import type { ImageRequest } from '@switchyard/protocol/image.ts';
import { describe, expect, it } from 'vitest';
import { jsonBody } from '../testing/raw-node.ts';
import { PNG_SIGNATURE, pngChunk, pngHeader, testPng } from '../testing/test-png.ts';
import { ImageAnswer } from './image-answer.ts';
import { imageWorkOf } from './job-offer.ts';

const REQUEST: ImageRequest = {
  recipe: 'demo-image@1',
  prompt: 'a fox',
  negativePrompt: '',
  style: 'photo',
  width: 512,
  height: 576,
  steps: 10,
  cfg: 4,
  seed: 3,
  nsfw: false,
};
const PNG = testPng(REQUEST);

/** What a node says in FINISH about these bytes. */
function infoOf(png: Buffer, change: object = {}): Uint8Array {
  const sha256 = createHash('sha256').update(png).digest('hex');
  return jsonBody({ mime: 'image/png', sha256, seed: 3, width: 512, height: 576, ...change });
}

function answer() {
  const heard: unknown[] = [];
  const read = new ImageAnswer(REQUEST, {
    onProgress: (step, steps) => heard.push([step, steps]),
    onEnd: ({ png }) => heard.push(png),
    onFault: (fault) => heard.push(fault.cause),
  });
  return { read, heard };
}

describe('the answer of an image job', () => {
  it('is a picture in slices, without its metadata', () => {
    const { read, heard } = answer();
    const told = testPng(REQUEST, [pngChunk('tEXt', Buffer.from('parameters\0a fox'))]);
    expect(read.progress(jsonBody({ step: 1, steps: 10 }))).toBe(true);
    for (let at = 0; at < told.length; at += 100) expect(read.data(told.subarray(at, at + 100))).toBe(true);
    expect(read.finish(infoOf(told))).toBe('whole');
    read.end();
    expect(heard).toEqual([[1, 10], PNG]);
  });

  it.each<[string, Buffer, object]>([
    ['other bytes than told', PNG, { sha256: 'a'.repeat(64) }],
    ['another seed', PNG, { seed: 4 }],
    ['another size than asked', testPng({ width: 576, height: 512, seed: 3 }), {}],
    ['another size than told', PNG, { width: 576 }],
    ['no picture', Buffer.from('hello'), {}],
    ['nothing', Buffer.alloc(0), {}],
  ])('is held against the node for %s', (_name, png, change) => {
    const { read } = answer();
    read.data(png);
    expect(read.finish(infoOf(png, change))).toMatchObject({ blame: 'target', cause: 'bad-picture' });
  });

  it('is looked at before it is handed on', async () => {
    const { read } = answer();
    read.data(PNG);
    expect(read.finish(infoOf(PNG))).toBe('whole');
    expect(await read.look()).toBeUndefined();
  });

  it.each<[string, Buffer]>([
    ['pixels that are none', Buffer.from('hello')],
    ['the pixels of a smaller picture', deflateSync(Buffer.alloc(513 * 500))],
    ['words behind its pixels', Buffer.concat([deflateSync(Buffer.alloc(513 * 576)), Buffer.from('a fox')])],
  ])('is held against the node for %s', async (_name, pixels) => {
    const { read } = answer();
    const png = Buffer.concat([
      PNG_SIGNATURE,
      pngHeader(REQUEST.width, REQUEST.height),
      pngChunk('IDAT', pixels),
      pngChunk('IEND'),
    ]);
    read.data(png);
    expect(read.finish(infoOf(png))).toBe('whole');
    expect(await read.look()).toMatchObject({ blame: 'target', cause: 'bad-picture' });
  });

  it('breaks the protocol with words that are none, and with too many bytes', () => {
    const { read } = answer();
    expect(read.finish(jsonBody({ mime: 'image/gif' }))).toBe('breach');
    expect(read.progress(jsonBody({ step: 11, steps: 10 }))).toBe(false);
    const slice = Buffer.alloc(64 * 1024);
    const slices = IMAGE_LIMITS.pictureMaxBytes / slice.byteLength;
    for (let count = 0; count < slices; count++) expect(read.data(slice)).toBe(true);
    expect(read.data(slice)).toBe(false);
  });
});

it('gives a node time by its speed, between one and five minutes', () => {
  const deadline = (pixelStepsPerSecond?: number): number =>
    imageWorkOf(REQUEST, {
      recipe: REQUEST.recipe,
      maxPixels: 1,
      slots: 1,
      ...(pixelStepsPerSecond === undefined ? {} : { pixelStepsPerSecond }),
    }).offer.deadlineMs;
  expect(deadline()).toBe(60_000);
  expect(deadline(1e12)).toBe(60_000);
  expect(deadline(100_000)).toBe(Math.round(30_000 + (3_000 * 512 * 576 * 10) / 100_000));
  expect(deadline(1)).toBe(300_000);
});
