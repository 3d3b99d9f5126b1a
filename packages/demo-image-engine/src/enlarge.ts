/** Enlarges the network's small picture to the size that was asked for. */

/** Three bytes for each pixel, row after row. */
export type Picture = { width: number; height: number; pixels: Uint8Array };

export type Size = { width: number; height: number };

/** How far Catmull-Rom's curve reaches: four neighbours count. */
const TAPS = 4;

/**
 * Fills `size` with the picture's middle: both directions are enlarged by the same factor, and what sticks out is
 * cut off evenly. Between pixels a Catmull-Rom curve is followed, which goes through every pixel's own colour.
 */
export function enlarge(picture: Picture, { width, height }: Size): Picture {
  const scale = Math.max(width / picture.width, height / picture.height);
  const across = weightsAlong({ from: picture.width, to: width, scale });
  const down = weightsAlong({ from: picture.height, to: height, scale });

  const wide = new Float32Array(picture.height * width * 3);
  for (let y = 0; y < picture.height; y++) {
    const row = y * picture.width * 3;
    for (let x = 0; x < width; x++) {
      for (let tap = x * TAPS; tap < (x + 1) * TAPS; tap++) {
        const weight = across.weights[tap] ?? 0;
        const from = row + (across.sources[tap] ?? 0) * 3;
        const at = (y * width + x) * 3;
        wide[at] = (wide[at] ?? 0) + weight * (picture.pixels[from] ?? 0);
        wide[at + 1] = (wide[at + 1] ?? 0) + weight * (picture.pixels[from + 1] ?? 0);
        wide[at + 2] = (wide[at + 2] ?? 0) + weight * (picture.pixels[from + 2] ?? 0);
      }
    }
  }
  const length = width * 3;
  // Clamped bytes round to the nearest and cut off what the curve overshoots.
  const pixels = new Uint8ClampedArray(height * length);
  for (let y = 0; y < height; y++) {
    const [a = 0, b = 0, c = 0, d = 0] = down.sources.subarray(y * TAPS);
    const [weightA = 0, weightB = 0, weightC = 0, weightD = 0] = down.weights.subarray(y * TAPS);
    for (let i = 0; i < length; i++) {
      pixels[y * length + i] =
        weightA * (wide[a * length + i] ?? 0) +
        weightB * (wide[b * length + i] ?? 0) +
        weightC * (wide[c * length + i] ?? 0) +
        weightD * (wide[d * length + i] ?? 0);
    }
  }
  return { width, height, pixels: new Uint8Array(pixels.buffer) };
}

/** For each of `to` pixels in one direction the four it is made of, and their weights, which add up to 1. */
function weightsAlong({ from, to, scale }: { from: number; to: number; scale: number }): {
  sources: Uint16Array;
  weights: Float32Array;
} {
  const sources = new Uint16Array(to * TAPS);
  const weights = new Float32Array(to * TAPS);
  const cutOff = (from - to / scale) / 2;
  for (let i = 0; i < to; i++) {
    const position = cutOff + (i + 0.5) / scale - 0.5;
    const before = Math.floor(position);
    weights.set(catmullRom(position - before), i * TAPS);
    for (let tap = 0; tap < TAPS; tap++) {
      sources[i * TAPS + tap] = Math.max(0, Math.min(from - 1, before - 1 + tap));
    }
  }
  return { sources, weights };
}

/** The weights of four neighbours for a point `t` of the way from the second to the third. */
function catmullRom(t: number): [number, number, number, number] {
  const squared = t * t;
  const cubed = squared * t;
  return [
    (-cubed + 2 * squared - t) / 2,
    (3 * cubed - 5 * squared + 2) / 2,
    (-3 * cubed + 4 * squared + t) / 2,
    (cubed - squared) / 2,
  ];
}
