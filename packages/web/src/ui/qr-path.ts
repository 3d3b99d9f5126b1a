/** The white frame that readers need: four squares. Source: ISO/IEC 18004:2015, 9.1. */
export const QUIET_SQUARES = 4;

/** The squares of a QR code; `get` is true for a dark one. */
export type QrSquares = { readonly size: number; get(x: number, y: number): boolean };

/** The dark squares as one path of SVG, each row's neighbours as one bar, moved in by the frame. */
export function qrPath({ size, get }: QrSquares): string {
  const bars: string[] = [];
  for (let y = 0; y < size; y += 1) {
    let x = 0;
    while (x < size) {
      const start = x;
      while (x < size && get(x, y)) x += 1;
      const width = x - start;
      if (width > 0) bars.push(`M${start + QUIET_SQUARES} ${y + QUIET_SQUARES}h${width}v1h-${width}z`);
      else x += 1;
    }
  }
  return bars.join('');
}
