import * as fc from 'fast-check';
import { picturePieces, pictureReplyBytes } from '../../core/image-surface.ts';
import { describe, expect, it } from 'vitest';
import { micros } from '../../core/money.ts';
import { nativeImages } from './native.ts';
import { openAiImages } from './openai.ts';

const decode = (surface: typeof nativeImages, body: object) =>
  surface.decode(Buffer.from(JSON.stringify(body)));

describe('both forms', () => {
  it.each([openAiImages, nativeImages])('fill in what is left out, the seed at random', (surface) => {
    const first = decode(surface, { prompt: 'a fox' });
    expect(first).toMatchObject({
      ok: true,
      value: {
        model: undefined,
        dryRun: false,
        image: {
          negativePrompt: '',
          style: 'photo',
          width: 1_024,
          height: 1_024,
          steps: 32,
          cfg: 4,
          nsfw: false,
        },
      },
    });
    const seeds = Array.from({ length: 4 }, () => {
      const decoded = decode(surface, { prompt: 'a fox' });
      return decoded.ok ? decoded.value.image.seed : -1;
    });
    expect(new Set(seeds).size).toBeGreaterThan(1);
  });

  it.each<[object, string]>([
    [{}, 'prompt'],
    [{ prompt: '   ' }, 'prompt'],
    [{ prompt: 'x'.repeat(4_001) }, 'prompt'],
    [{ prompt: 'a', seed: -1 }, 'seed'],
    [{ prompt: 'a', seed: 1.5 }, 'seed'],
    [{ prompt: 'a', nsfw: 'yes' }, 'nsfw'],
    [{ prompt: 'a', negative_prompt: 3 }, 'negative_prompt'],
  ])('refuse %j by name', (body, param) => {
    for (const surface of [openAiImages, nativeImages])
      expect(decode(surface, body)).toMatchObject({ ok: false, error: { param } });
  });

  it('take any JSON', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom('prompt', 'size', 'width', 'seed', 'n', 'steps') }),
        (body) => {
          decode(openAiImages, body);
          decode(nativeImages, body);
        },
      ),
    );
  });
});

describe('the native form', () => {
  it('snaps sizes to multiples of 64 within their bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 512, max: 1_536 }), (width) => {
        const decoded = decode(nativeImages, { prompt: 'a', width });
        if (!decoded.ok) throw new Error('refused');
        const snapped = decoded.value.image.width;
        expect(snapped % 64).toBe(0);
        expect(Math.abs(snapped - width)).toBeLessThanOrEqual(32);
        expect(snapped).toBeGreaterThanOrEqual(512);
        expect(snapped).toBeLessThanOrEqual(1_536);
      }),
    );
  });

  it.each([{ width: 511 }, { height: 1_537 }, { steps: 9 }, { steps: 61 }, { cfg: 0 }, { style: 'oil' }])(
    'refuses %j',
    (field) => {
      const [param] = Object.keys(field);
      expect(decode(nativeImages, { prompt: 'a', ...field })).toMatchObject({ ok: false, error: { param } });
    },
  );
});

describe('the form of OpenAI', () => {
  it('reads sizes, and passes over what says nothing here', () => {
    const body = {
      prompt: 'a',
      size: '832x1216',
      quality: 'hd',
      style: 'vivid',
      user: 'u',
      moderation: 'low',
    };
    expect(decode(openAiImages, body)).toMatchObject({ value: { image: { width: 832, height: 1_216 } } });
    expect(decode(openAiImages, { prompt: 'a', size: 'auto' })).toMatchObject({
      value: { image: { width: 1_024 } },
    });
  });

  it.each([
    { n: 2 },
    { response_format: 'url' },
    { stream: true },
    { partial_images: 1 },
    { output_format: 'webp' },
  ])('refuses %j', (field) => {
    const [param] = Object.keys(field);
    expect(decode(openAiImages, { prompt: 'a', ...field })).toMatchObject({
      ok: false,
      error: { code: 'unsupported_parameter', param },
    });
  });

  it.each(['big', '1024', '256x256', '1024x2048', 1_024])('refuses the size %j', (size) => {
    expect(decode(openAiImages, { prompt: 'a', size })).toMatchObject({ error: { param: 'size' } });
  });

  it('writes what was charged as an exact number', () => {
    const decoded = decode(openAiImages, { prompt: 'a', seed: 1 });
    if (!decoded.ok) throw new Error('refused');
    const around = openAiImages.renderReply({
      requestId: 'req_1',
      modelId: 'm"ö',
      image: decoded.value.image,
      costMicros: micros(180_000),
      createdAtMs: 1_500,
    });
    expect(JSON.parse([...picturePieces(around, Buffer.from('png'))].join(''))).toEqual({
      created: 1,
      data: [{ b64_json: 'cG5n' }],
      output_format: 'png',
      size: '1024x1024',
      model: 'm"ö',
      seed: 1,
      usage: {
        input_tokens: 0,
        output_tokens: 0,
        total_tokens: 0,
        input_tokens_details: { text_tokens: 0, image_tokens: 0 },
        cost: 0.18,
        request_id: 'req_1',
      },
    });
  });

  it.each([0, 1, 49_151, 49_152, 49_153, 150_000])(
    'writes a picture of %i bytes in pieces that join',
    (size) => {
      const png = Buffer.alloc(size, 'picture');
      const around = { before: '{"ö":"', after: '"}' };
      const pieces = [...picturePieces(around, png)];
      expect(pieces.join('')).toBe(`{"ö":"${png.toString('base64')}"}`);
      expect(Buffer.byteLength(pieces.join(''))).toBe(pictureReplyBytes(around, png));
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
    },
  );
});
