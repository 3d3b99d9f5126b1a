/** Finds stop strings in a stream of text, wherever the stream is cut. */

export type StopMatcher = {
  /** Gives the text that may go out now. Once `stopped`, the rest of the stream is to be dropped. */
  push(text: string): { text: string; stopped: boolean };
  /** The stream is over, or something else than text follows: gives the text that was held back. */
  flush(): string;
};

/**
 * The stop whose end comes first wins (of several that end there, the longest), which does not depend on how the
 * text was cut. Text before it is given out, the stop itself is not. At most the longest stop's length less one
 * is held back, and only while it could still become a stop.
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  let held = '';

  return {
    push(text) {
      if (stops.length === 0) return { text, stopped: false };
      const all = held + text;
      const start = firstStopStart(all, stops);
      if (start !== undefined) {
        held = '';
        return { text: all.slice(0, start), stopped: true };
      }
      const sure = all.length - possibleStartLength(all, stops);
      held = all.slice(sure);
      return { text: all.slice(0, sure), stopped: false };
    },
    flush() {
      const text = held;
      held = '';
      return text;
    },
  };
}

/** Where the winning stop begins. */
function firstStopStart(text: string, stops: readonly string[]): number | undefined {
  let best: { start: number; end: number } | undefined;
  for (const stop of stops) {
    const start = text.indexOf(stop);
    if (start < 0) continue;
    const end = start + stop.length;
    if (best === undefined || end < best.end || (end === best.end && start < best.start))
      best = { start, end };
  }
  return best?.start;
}

/** Length of the longest end of `text` with which a stop begins. */
function possibleStartLength(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (stop.startsWith(text.slice(text.length - length))) {
        longest = length;
        break;
      }
    }
  }
  return longest;
}
