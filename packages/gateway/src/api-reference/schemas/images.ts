import { z } from 'zod';

/** Pictures, in both forms. */
const prompt = z.string().min(1).max(4_000).describe('What the picture shall show.');
const negativePrompt = z
  .string()
  .max(4_000)
  .describe('What it shall not show. A baseline against artifacts is always added.');
const seed = z
  .int()
  .min(0)
  .max(0xffff_ffff)
  .describe(
    'The same request with the same seed gives the same picture. Default: random, told in the reply.',
  );
const nsfw = z.boolean().default(false).describe('Allow adult content (18+).');
const model = z.string().describe('A model of kind `image`. Default: the first one.');

export const imagesGenerationRequest = z.looseObject({
  prompt,
  model: model.optional(),
  size: z
    .string()
    .default('1024x1024')
    .describe('WIDTHxHEIGHT, each from 512 to 1536, snapped to multiples of 64.'),
  negative_prompt: negativePrompt.optional(),
  seed: seed.optional(),
  nsfw: nsfw.optional(),
  n: z.literal(1).optional(),
  response_format: z.literal('b64_json').optional(),
});

export const imagesGenerationReply = z.object({
  created: z.int(),
  data: z.array(z.object({ b64_json: z.string() })),
  output_format: z.literal('png'),
  size: z.string(),
  model: z.string(),
  seed: z.int(),
  usage: z.looseObject({ cost: z.number().describe('USD.'), request_id: z.string() }),
});

const side = z.int().min(512).max(1_536).default(1_024).describe('Pixels, snapped to multiples of 64.');

export const imageCreateRequest = z.looseObject({
  prompt,
  model: model.optional(),
  negative_prompt: negativePrompt.optional(),
  style: z.enum(['photo', 'cinematic', 'anime', 'digital-art', '3d']).default('photo').optional(),
  width: side.optional(),
  height: side.optional(),
  steps: z.int().min(10).max(60).default(32).optional(),
  cfg: z.number().min(1).max(20).default(4).describe('How strictly the prompt is followed.').optional(),
  seed: seed.optional(),
  nsfw: nsfw.optional(),
});

export const imageCreateReply = z.object({
  image: z.string().describe('data:image/png;base64,...'),
  model: z.string(),
  seed: z.int(),
  width: z.int(),
  height: z.int(),
  credits_charged: z.number(),
  request_id: z.string(),
});

/** Data of the events `queued`, `rendering` and `done`; the last one is the reply itself. */
export const imageEvent = z.union([
  z.object({ type: z.literal('queued'), position: z.int(), expected_wait_seconds: z.int().optional() }),
  z.object({ type: z.literal('rendering'), step: z.int(), steps: z.int() }),
  imagesGenerationReply,
  imageCreateReply,
]);

export const imageQuote = z.object({
  object: z.literal('quote'),
  model: z.string(),
  max_cost: z.number(),
  max_cost_credits: z.number(),
  price_version: z.string(),
});
