import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IMAGE_STYLES } from '../image.ts';
import type { ImageRequest } from '../image.ts';
import { parseCapabilities, parseNodeStatusReport } from './capabilities.ts';
import { parseImageRequest, parsePictureInfo, parseProgress } from './image-job.ts';
import { encodeBody, parseOffer } from './messages.ts';

const REQUEST: ImageRequest = {
  recipe: 'demo-image@1',
  prompt: 'a fox in snow',
  negativePrompt: '',
  style: 'photo',
  width: 1_216,
  height: 832,
  steps: 32,
  cfg: 4,
  seed: 7,
  nsfw: false,
};

const size = fc.integer({ min: 8, max: 24 }).map((count) => count * 64);
const requests = fc.record({
  recipe: fc.constant('demo-image@1'),
  prompt: fc.string({ maxLength: 4_000, unit: 'binary' }),
  negativePrompt: fc.string({ maxLength: 100, unit: 'grapheme' }),
  style: fc.constantFrom(...IMAGE_STYLES),
  width: size,
  height: size,
  steps: fc.integer({ min: 10, max: 60 }),
  cfg: fc.double({ min: 1, max: 20, noNaN: true }),
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
  nsfw: fc.boolean(),
});

describe('image jobs', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const parsed = parseImageRequest(encodeBody(request));
        expect(parsed).toEqual({ ok: true, value: JSON.parse(JSON.stringify(request)) });
      }),
    );
  });

  it.each<[string, object]>([
    ['width', { width: 500 }],
    ['width', { width: 448 }],
    ['height', { height: 1_600 }],
    ['steps', { steps: 61 }],
    ['cfg', { cfg: 0 }],
    ['seed', { seed: -1 }],
    ['seed', { seed: 2 ** 32 }],
    ['style', { style: 'oil' }],
    ['prompt', { prompt: 'x'.repeat(4_001) }],
    ['nsfw', { nsfw: 'no' }],
  ])('are refused for a wrong %s', (path, change) => {
    expect(parseImageRequest(encodeBody({ ...REQUEST, ...change }))).toEqual({ ok: false, path });
  });

  it('are told from chat jobs by their offer, and offers of before are chat', () => {
    const offer = { jobId: 'j', model: 'm', deadlineMs: 1, estimatedInputTokens: 0, bodyBytes: 1 };
    expect(parseOffer(encodeBody({ ...offer, kind: 'image' }))).toMatchObject({ value: { kind: 'image' } });
    expect(parseOffer(encodeBody(offer))).toEqual({ ok: true, value: offer });
    expect(parseOffer(encodeBody({ ...offer, kind: 'video' }))).toEqual({ ok: false, path: 'kind' });
  });

  it('say how far they are, and what came out', () => {
    expect(parseProgress(encodeBody({ step: 3, steps: 32 }))).toMatchObject({ ok: true });
    expect(parseProgress(encodeBody({ step: 33, steps: 32 }))).toEqual({ ok: false, path: 'step' });
    const info = { mime: 'image/png', sha256: 'a'.repeat(64), seed: 1, width: 512, height: 512 };
    expect(parsePictureInfo(encodeBody(info))).toEqual({ ok: true, value: info });
    expect(parsePictureInfo(encodeBody({ ...info, sha256: 'A'.repeat(64) }))).toMatchObject({
      path: 'sha256',
    });
    expect(parsePictureInfo(encodeBody({ ...info, mime: 'image/svg+xml' }))).toMatchObject({ path: 'mime' });
  });
});

describe('capabilities', () => {
  const report = { engine: { kind: 'demo', version: '1' }, slots: { text: 0 }, models: [] };
  const recipe = { recipe: 'demo-image@1', maxPixels: 2_359_296, slots: 1 };

  it('may hold recipes', () => {
    const full = { ...report, slots: { text: 0, image: 1 }, image: [recipe] };
    expect(parseCapabilities(encodeBody(full))).toEqual({ ok: true, value: full });
    expect(parseCapabilities(encodeBody(report))).toEqual({ ok: true, value: report });
    expect(parseCapabilities(encodeBody({ ...full, image: [recipe, recipe] }))).toEqual({
      ok: false,
      path: 'image[1].recipe',
    });
  });

  it('are followed by reports with slots for pictures', () => {
    const status = { state: 'ready', textSlots: 0, imageSlots: 1 };
    expect(parseNodeStatusReport(encodeBody(status))).toEqual({ ok: true, value: status });
  });
});
