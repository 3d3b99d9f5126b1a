/** A picture inside the network: for each place, row after row, `channels` numbers beside each other. */

export type FeatureMap = { height: number; width: number; channels: number; data: Float32Array };

export function emptyMap(height: number, width: number, channels: number): FeatureMap {
  return { height, width, channels, data: new Float32Array(height * width * channels) };
}

/** `target` becomes `target + source`; both have the same size. */
export function addMap(target: FeatureMap, source: FeatureMap): void {
  const { data } = target;
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) + (source.data[i] ?? 0);
}

/** The channels of both maps, those of `first` before those of `second` at each place. */
export function joinChannels(first: FeatureMap, second: FeatureMap): FeatureMap {
  const joined = emptyMap(first.height, first.width, first.channels + second.channels);
  for (let place = 0; place < first.height * first.width; place++) {
    const own = first.data.subarray(place * first.channels, (place + 1) * first.channels);
    const other = second.data.subarray(place * second.channels, (place + 1) * second.channels);
    joined.data.set(own, place * joined.channels);
    joined.data.set(other, place * joined.channels + first.channels);
  }
  return joined;
}

/** Every second place of every second row, beginning with the first. */
export function halveMap(map: FeatureMap): FeatureMap {
  const { channels, width } = map;
  const half = emptyMap(map.height / 2, width / 2, channels);
  for (let y = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++) {
      const start = (2 * y * width + 2 * x) * channels;
      half.data.set(map.data.subarray(start, start + channels), (y * half.width + x) * channels);
    }
  }
  return half;
}

/** Twice as high and wide: channel `4c + 2y + x` of a place becomes channel `c` of its place (y, x). */
export function unfoldChannels(map: FeatureMap): FeatureMap {
  const unfolded = emptyMap(map.height * 2, map.width * 2, map.channels / 4);
  const { channels, width } = unfolded;
  let from = 0;
  for (let y = 0; y < map.height; y++) {
    for (let x = 0; x < map.width; x++) {
      const corner = (2 * y * width + 2 * x) * channels;
      for (let channel = corner; channel < corner + channels; channel++) {
        unfolded.data[channel] = map.data[from++] ?? 0;
        unfolded.data[channel + channels] = map.data[from++] ?? 0;
        unfolded.data[channel + width * channels] = map.data[from++] ?? 0;
        unfolded.data[channel + (width + 1) * channels] = map.data[from++] ?? 0;
      }
    }
  }
  return unfolded;
}
