import type { Model } from '../catalog/model.ts';
import type { AcquireImage, ImageQueue } from '../routing/image-router.ts';
import type { Caller, InferenceDeps } from './deps.ts';

/** What the life of a picture needs beside what it shares with text. */
export type ImageDeps = {
  inference: InferenceDeps;
  /** The model for a client that names none. */
  defaultModel(caller: Caller): Model | undefined;
  acquire: AcquireImage;
  queue: ImageQueue;
  /** Undefined: there is none, so pictures that would have to be looked at are not made. */
  classifier: OutputClassifier | undefined;
};

/**
 * Port: how likely a picture shows adult content, 0 to 1. Runs here or on a node of the operator, never on the node
 * that made the picture. Where it rejects, the picture is not handed out.
 */
export type OutputClassifier = { adultScore(png: Buffer): Promise<number> };
