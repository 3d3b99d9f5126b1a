import { createHash } from 'node:crypto';
import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import type { ImageRequest } from '@switchyard/protocol/image.ts';
import { parsePictureInfo, parseProgress } from '@switchyard/protocol/link/image-job.ts';
import type { AttemptFault } from '../core/attempt.ts';
import type { ImageSink } from '../core/image-attempt.ts';
import { cleanPng } from '../core/png.ts';
import type { JobAnswer } from './job-answer.ts';

/** The node answered by the rules, but with no picture that was asked for. Another node may do better. */
const BAD_PICTURE: AttemptFault = { code: 'upstream_failed', blame: 'target', cause: 'bad-picture' };

/**
 * The answer of an image job: bytes of one picture, at most `pictureMaxBytes`. They are kept here until FINISH, and
 * copied, so that a small record does not keep the message that it came in.
 */
export class ImageAnswer implements JobAnswer {
  readonly #request: ImageRequest;
  readonly #sink: ImageSink;
  #slices: Buffer[] = [];
  #bytes = 0;
  #picture: Buffer | undefined;

  constructor(request: ImageRequest, sink: ImageSink) {
    this.#request = request;
    this.#sink = sink;
  }

  data(body: Uint8Array): boolean {
    this.#bytes += body.byteLength;
    if (this.#bytes > IMAGE_LIMITS.pictureMaxBytes) return false;
    this.#slices.push(Buffer.from(body));
    return true;
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
    const bytes = Buffer.concat(this.#slices);
    this.#slices = [];
    const isAsTold =
      createHash('sha256').update(bytes).digest('hex') === info.value.sha256 &&
      info.value.seed === seed &&
      info.value.width === width &&
      info.value.height === height;
    if (!isAsTold) return BAD_PICTURE;
    const cleaned = cleanPng(bytes, { width, height, maxBytes: IMAGE_LIMITS.pictureMaxBytes });
    if (!cleaned.ok) return BAD_PICTURE;
    this.#picture = cleaned.png;
    return 'whole';
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
    this.#slices = [];
  }

  textChars(): number {
    return 0;
  }
}
