import { createHash } from 'node:crypto';
import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import type { ImageRequest } from '@switchyard/protocol/image.ts';
import { parsePictureInfo, parseProgress } from '@switchyard/protocol/link/image-job.ts';
import type { AttemptFault } from '../core/attempt.ts';
import type { ImageSink, Picture } from '../core/image-attempt.ts';
import { GrowingBytes } from '../core/growing-bytes.ts';
import { hasWholePixels } from '../core/png-pixels.ts';
import { cleanPng } from '../core/png.ts';
import type { JobAnswer } from './job-answer.ts';

/** The node answered by the rules, but with no picture that was asked for. Another node may do better. */
const BAD_PICTURE: AttemptFault = { code: 'upstream_failed', blame: 'target', cause: 'bad-picture' };

/**
 * The answer of an image job: bytes of one picture, at most `pictureMaxBytes`. They are kept here until FINISH, in one
 * piece of memory that goes on to the client as it is.
 */
export class ImageAnswer implements JobAnswer {
  readonly #request: ImageRequest;
  readonly #sink: ImageSink;
  readonly #checksum = createHash('sha256');
  readonly #bytes = new GrowingBytes(IMAGE_LIMITS.pictureMaxBytes);
  #picture: Picture | undefined;

  constructor(request: ImageRequest, sink: ImageSink) {
    this.#request = request;
    this.#sink = sink;
  }

  data(body: Uint8Array): boolean {
    this.#checksum.update(body);
    return this.#bytes.add(body);
  }

  progress(body: Uint8Array): boolean {
    const progress = parseProgress(body);
    if (!progress.ok) return false;
    this.#sink.onProgress(progress.value.step, progress.value.steps);
    return true;
  }

  flush(): void {
    // The picture is handed on as a whole.
  }

  finish(body: Uint8Array): 'whole' | 'breach' | AttemptFault {
    const info = parsePictureInfo(body);
    if (!info.ok) return 'breach';
    const { width, height, seed } = this.#request;
    const isAsTold =
      this.#checksum.digest('hex') === info.value.sha256 &&
      info.value.seed === seed &&
      info.value.width === width &&
      info.value.height === height;
    if (!isAsTold) return BAD_PICTURE;
    const cleaned = cleanPng(this.#bytes.view(), { width, height, maxBytes: IMAGE_LIMITS.pictureMaxBytes });
    if (!cleaned.ok) return BAD_PICTURE;
    this.#picture = { png: cleaned.png, release: () => this.#bytes.release() };
    return 'whole';
  }

  /** Whether a viewer can show it. Nodes that hand in what only looks like a picture from outside are not paid. */
  async look(): Promise<AttemptFault | undefined> {
    if (this.#picture !== undefined && (await isWhole(this.#picture.png))) return undefined;
    this.#bytes.release();
    return BAD_PICTURE;
  }

  alive(): void {
    // The client is told of steps only.
  }

  end(): void {
    if (this.#picture === undefined) throw new Error('an image job ended without a picture');
    this.#sink.onEnd(this.#picture);
  }

  fault(fault: AttemptFault): void {
    this.#sink.onFault(fault);
  }

  drop(): void {
    if (this.#picture === undefined) this.#bytes.release();
  }

  textChars(): number {
    return 0;
  }
}

/** Never rejects: what cannot be looked at is no picture. */
function isWhole(png: Buffer): Promise<boolean> {
  return hasWholePixels(png).catch(() => false);
}
