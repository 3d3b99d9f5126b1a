import type { ImageRequest } from '@switchyard/protocol/image.ts';
import type { Attempt, AttemptFault } from './attempt.ts';

/** One try of one picture at one node. As with text, exactly one of `onEnd` and `onFault` is called, unless cancelled. */
export type ImageSink = {
  /** The node is at work: `step` of `steps` are done. */
  onProgress(step: number, steps: number): void;
  /** The picture, checked and without metadata. */
  onEnd(png: Buffer): void;
  onFault(fault: AttemptFault): void;
};

export type StartImage = (request: ImageRequest, sink: ImageSink) => Attempt;
