/**
 * One picture that is to be made, in the form that travels to a node: a recipe and its parameters, never a graph, a
 * path or an address. Everything is decided before it leaves, the seed too, so a second node makes the same picture.
 */
export type ImageRequest = {
  /** Name and version of a recipe that the node has: `demo-image@1`. */
  recipe: string;
  prompt: string;
  /** What the picture shall not show. The recipe adds its own baseline. Empty: nothing more. */
  negativePrompt: string;
  style: ImageStyle;
  /** In pixels. */
  width: number;
  height: number;
  steps: number;
  /** How strictly the prompt is followed. */
  cfg: number;
  /** A u32. The same request with the same seed gives the same picture. */
  seed: number;
  /** Adult content is allowed. */
  nsfw: boolean;
};

/** Presets that a recipe turns into words of its own. */
export const IMAGE_STYLES = ['photo', 'cinematic', 'anime', 'digital-art', '3d'] as const;
export type ImageStyle = (typeof IMAGE_STYLES)[number];

/** What stands in FINISH of an image job, after its bytes. */
export type PictureInfo = {
  mime: 'image/png';
  /** Of the bytes, in small hex digits. */
  sha256: string;
  seed: number;
  width: number;
  height: number;
};

/** Bounds of `ImageRequest`. Sizes are multiples of 64. */
export const IMAGE_LIMITS = {
  sizeMin: 512,
  sizeMax: 1_536,
  sizeStep: 64,
  pixelsMax: 1_536 * 1_536,
  stepsMin: 10,
  stepsMax: 60,
  cfgMin: 1,
  cfgMax: 20,
  seedMax: 0xffff_ffff,
  /** UTF-16 units of a prompt, and of a negative prompt. */
  promptMaxChars: 4_000,
  /** A picture as bytes: 1536 x 1536 pixels of 4 bytes that cannot be packed are 9.4 MB. */
  pictureMaxBytes: 12 * 1024 * 1024,
} as const;
