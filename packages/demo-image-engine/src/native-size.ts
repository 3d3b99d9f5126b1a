/** The size of the network's own picture. */

import type { Size } from './enlarge.ts';

/** The network was trained on 32×32, 40×28 and 28×40. Sizes are multiples of 4; much larger ones fall apart. */
const SMALLEST = 28;
const LARGEST = 64;
const TRAINED_AREA = 1024;
/** Another area costs this part of what another shape costs, both counted as ratios. */
const AREA_WEIGHT = 0.2;

/** The size to draw at for an asked size: of nearly its shape, and near to what the network has learned. */
export function nativeSize({ width, height }: Size): Size {
  let best = { width: 32, height: 32 };
  let lowest = Infinity;
  for (let across = SMALLEST; across <= LARGEST; across += 4) {
    for (let down = SMALLEST; down <= LARGEST; down += 4) {
      const shape = Math.log((across / down) * (height / width));
      const area = Math.log((across * down) / TRAINED_AREA);
      const cost = Math.abs(shape) + AREA_WEIGHT * Math.abs(area);
      if (cost < lowest) {
        lowest = cost;
        best = { width: across, height: down };
      }
    }
  }
  return best;
}
