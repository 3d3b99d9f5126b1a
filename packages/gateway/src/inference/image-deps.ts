import type { Model } from '../catalog/model.ts';
import type { AcquireImage, ImageQueue } from '../routing/image-router.ts';
import type { OutputClassifier } from '../safety/output-classifier.ts';
import type { Caller, InferenceDeps } from './deps.ts';

/** What the life of a picture needs beside what it shares with text. */
export type ImageDeps = {
  inference: InferenceDeps;
  /** The model for a client that names none. */
  defaultModel(caller: Caller): Model | undefined;
  acquire: AcquireImage;
  queue: ImageQueue;
  /** Until a node is free for the picture behind this many others. Undefined: nobody knows. */
  expectedWaitSeconds(model: Model, ahead: number, accountId: string): number | undefined;
  /** Undefined: there is none, so pictures that would have to be looked at are not made. */
  classifier: OutputClassifier | undefined;
  /** A prompt of the account crossed the hard line. */
  onBlocked(accountId: string): void;
};
