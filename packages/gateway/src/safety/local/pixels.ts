/** A picture as rows of red, green and blue, one byte each. */
export type Pixels = { width: number; height: number; rgb: Uint8Array };

/**
 * The picture at `size` x `size`, each new pixel the mean of what it covers. The sides are squeezed, not cut: what is
 * left out of sight could be what the classifier is there for.
 */
export function shrinkToSquare({ width, height, rgb }: Pixels, size: number): Pixels {
  const columns = edges(width, size);
  const rows = edges(height, size);
  const small = new Uint8Array(size * size * 3);
  for (let row = 0; row < size; row += 1) {
    const top = rows[row] ?? 0;
    const bottom = Math.max(top + 1, rows[row + 1] ?? 0);
    for (let column = 0; column < size; column += 1) {
      const left = columns[column] ?? 0;
      const right = Math.max(left + 1, columns[column + 1] ?? 0);
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let y = top; y < bottom; y += 1) {
        for (let at = (y * width + left) * 3; at < (y * width + right) * 3; at += 3) {
          red += rgb[at] ?? 0;
          green += rgb[at + 1] ?? 0;
          blue += rgb[at + 2] ?? 0;
        }
      }
      const count = (bottom - top) * (right - left);
      const at = (row * size + column) * 3;
      small[at] = Math.round(red / count);
      small[at + 1] = Math.round(green / count);
      small[at + 2] = Math.round(blue / count);
    }
  }
  return { width: size, height: size, rgb: small };
}

/** Where each of `parts` begins on a side of `length` pixels, and where the last one ends. */
function edges(length: number, parts: number): number[] {
  return Array.from({ length: parts + 1 }, (_, part) => Math.floor((part * length) / parts));
}
