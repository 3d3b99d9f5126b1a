import type { ImageRequest } from '@switchyard/protocol/image.ts';
import type { Attempt, AttemptFault } from './attempt.ts';

/** A picture, checked and without metadata. */
export type Picture = {
  png: Buffer;
  /**
   * Gives its memory back at once; `png` is empty then. Only for who knows that nobody reads it any more. Without it the
   * memory waits for the collector, which sees little reason to come: a picture is few objects.
   */
  release(): void;
};

/** One try of one picture at one node. As with text, exactly one of `onEnd` and `onFault` is called, unless cancelled. */
export type ImageSink = {
  /** The node is at work: `step` of `steps` are done. */
  onProgress(step: number, steps: number): void;
  onEnd(picture: Picture): void;
  onFault(fault: AttemptFault): void;
};

export type StartImage = (request: ImageRequest, sink: ImageSink) => Attempt;
