import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { CloseCode } from '@switchyard/protocol/link/close-codes.ts';
import {
  consumeBytes,
  createReceiveWindow,
  receiveBytes,
  takeGrant,
} from '@switchyard/protocol/link/flow.ts';
import { RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import type { PictureInfo } from '@switchyard/protocol/image.ts';
import { parseImageRequest } from '@switchyard/protocol/link/image-job.ts';
import type { Progress } from '@switchyard/protocol/link/image-job.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { encodeBody, encodeWindow } from '@switchyard/protocol/link/messages.ts';
import type { FailCode } from '@switchyard/protocol/link/messages.ts';
import { createPartChecker, encodePart, splitPart } from '@switchyard/protocol/link/part-codec.ts';
import type { LinkWriter } from '@switchyard/protocol/link/writer.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { EngineFault } from '../engine.ts';
import { parseChat } from './parse-chat.ts';
import type { AcceptedImage, AcceptedJob, ImageStream, JobStream, RunningJob } from './types.ts';

export type LinkJobOptions = {
  stream: number;
  bodyBytes: number;
  accepted: AcceptedJob | AcceptedImage;
  writer: LinkWriter;
  nowMs(): number;
  /** The stream's last record is queued, or nobody waits for it any more. Called once. */
  onClosed(): void;
};

/**
 * `receiving` until the request is whole, `running` while the agent works, `ending` from the moment the answer is
 * over (ended, failed or cancelled) until the engine has stopped, `closed` after the last record.
 */
type Phase = 'receiving' | 'running' | 'ending' | 'closed';

/**
 * Answer bytes that wait on the link before the engine is paused, and until it goes on. Without a connection it works on
 * until as much is kept as a stream may keep.
 */
const PAUSE_BYTES = 128 * 1024;
const RESUME_BYTES = 32 * 1024;
/** An engine that goes on in spite of a pause is cut off here. */
const QUEUE_MAX_BYTES = 4 * 1024 * 1024;
const ALIVE_MIN_MS = 1_000;

/** One accepted job: a stream of the link seen from the node. */
export class LinkJob implements JobStream, ImageStream {
  readonly #options: LinkJobOptions;
  readonly #checker = createPartChecker();
  readonly #window = createReceiveWindow(LINK_LIMITS.streamWindowBytes);
  #phase: Phase = 'receiving';
  #body: Uint8Array | undefined;
  #bodyAt = 0;
  #running: RunningJob | undefined;
  #isPaused = false;
  #resultBytes = 0;
  #aliveAtMs = -Infinity;

  constructor(options: LinkJobOptions) {
    this.#options = options;
    this.#body = new Uint8Array(options.bodyBytes);
  }

  /** Takes bytes of the request. A close code: the gateway sent more than it offered or had credit for. */
  onData(bytes: Uint8Array): CloseCode | undefined {
    if (!receiveBytes(this.#window, bytes.byteLength)) return CLOSE_CODES.tooBig;
    consumeBytes(this.#window, bytes.byteLength);
    if (this.#phase !== 'receiving' || this.#body === undefined) return CLOSE_CODES.protocol;
    if (this.#bodyAt + bytes.byteLength > this.#body.byteLength) return CLOSE_CODES.tooBig;
    this.#body.set(bytes, this.#bodyAt);
    this.#bodyAt += bytes.byteLength;
    const addBytes = takeGrant(this.#window);
    const { writer, stream } = this.#options;
    if (addBytes > 0) writer.control(RECORD_TYPES.window, stream, encodeWindow(addBytes));
    if (this.#bodyAt === this.#body.byteLength) this.#start(this.#body);
    return undefined;
  }

  /** The gateway wants no more. Answers CANCELLED when the engine has stopped. */
  onCancel(): void {
    switch (this.#phase) {
      case 'receiving':
        this.#options.accepted.abandon();
        this.#cancelled();
        return;
      case 'running':
        this.#options.writer.dropData(this.#options.stream);
        this.#stopEngine(() => this.#cancelled());
        return;
      case 'ending':
      case 'closed':
        return;
    }
  }

  /** The node leaves: the job fails, as soon as the engine has stopped. */
  abort(): void {
    if (this.#phase === 'receiving') {
      this.#options.accepted.abandon();
      this.#fail('overloaded');
    } else if (this.#phase === 'running') {
      this.#giveUp('overloaded');
    }
  }

  /** Some of the answer has left. */
  onSent(): void {
    if (!this.#isPaused || this.#queuedBytes() > RESUME_BYTES) return;
    this.#isPaused = false;
    if (this.#phase === 'running') this.#running?.resume();
  }

  /** Nobody waits for the job any more: nothing can be said. */
  lost(): void {
    const phase = this.#phase;
    if (phase === 'receiving') this.#options.accepted.abandon();
    if (phase === 'running') this.#stopEngine(() => undefined);
    this.#close();
  }

  parts(parts: StreamPart[]): void {
    for (const part of parts.flatMap(splitPart)) {
      if (this.#phase !== 'running') return;
      const checked = this.#checker.check(part);
      if (!checked.ok) return this.#giveUp('engine_failed');
      const bytes = encodePart(checked.value);
      this.#resultBytes += bytes.byteLength;
      if (this.#resultBytes > LINK_LIMITS.resultMaxBytes) return this.#giveUp('engine_failed');
      this.#options.writer.data(this.#options.stream, bytes, false);
    }
    if (this.#queuedBytes() > QUEUE_MAX_BYTES) return this.#giveUp('engine_failed');
    this.#pauseIfFull();
  }

  alive(): void {
    const nowMs = this.#options.nowMs();
    if (this.#phase !== 'running' || nowMs - this.#aliveAtMs < ALIVE_MIN_MS) return;
    this.#aliveAtMs = nowMs;
    this.#options.writer.control(RECORD_TYPES.alive, this.#options.stream);
  }

  end(): void {
    if (this.#phase !== 'running') return;
    if (!this.#checker.finished()) return this.#fail('engine_failed');
    this.#options.writer.end(this.#options.stream, RECORD_TYPES.finish);
    this.#close();
  }

  progress(progress: Progress): void {
    if (this.#phase !== 'running') return;
    this.#aliveAtMs = this.#options.nowMs();
    this.#options.writer.control(RECORD_TYPES.progress, this.#options.stream, encodeBody(progress));
  }

  /** The picture waits here under the window's credit; it is at most `pictureMaxBytes`. */
  picture(bytes: Uint8Array, info: PictureInfo): void {
    if (this.#phase !== 'running') return;
    const { writer, stream } = this.#options;
    writer.data(stream, bytes, true);
    writer.end(stream, RECORD_TYPES.finish, encodeBody(info));
    this.#close();
  }

  fail(fault: EngineFault): void {
    if (this.#phase === 'running') this.#fail(fault.code);
  }

  #start(body: Uint8Array): void {
    this.#body = undefined;
    this.#phase = 'running';
    const running = this.#begin(body);
    if (running === undefined) {
      this.#options.accepted.abandon();
      this.#fail('invalid_request');
      return;
    }
    this.#running = running;
    // What the engine did from inside `start` could not be stopped or paused yet.
    if (this.#hasEnded()) void running.cancel();
    else if (this.#isPaused) running.pause();
  }

  /** Undefined: the request cannot be read. */
  #begin(body: Uint8Array): RunningJob | undefined {
    const { accepted } = this.#options;
    if ('startImage' in accepted) {
      const request = parseImageRequest(body);
      return request.ok ? accepted.startImage(request.value, this) : undefined;
    }
    const chat = parseChat(body);
    return chat === undefined ? undefined : accepted.start(chat, this);
  }

  #hasEnded(): boolean {
    return this.#phase === 'ending';
  }

  #pauseIfFull(): void {
    if (this.#isPaused || !this.#isFull()) return;
    // What only waits to be packed is no reason to pause.
    this.#options.writer.flush();
    if (!this.#isFull()) return;
    this.#isPaused = true;
    this.#running?.pause();
  }

  #isFull(): boolean {
    const { writer, stream } = this.#options;
    if (writer.isAttached) return this.#queuedBytes() >= PAUSE_BYTES;
    return writer.keptBytes(stream) >= LINK_LIMITS.unackedMaxBytes;
  }

  #queuedBytes(): number {
    return this.#options.writer.queuedBytes(this.#options.stream);
  }

  /** The engine breaks the rules: stop it, and fail the job when it has stopped. */
  #giveUp(code: FailCode): void {
    this.#options.writer.dropData(this.#options.stream);
    this.#stopEngine(() => this.#fail(code));
  }

  #stopEngine(then: () => void): void {
    this.#phase = 'ending';
    const stopped = this.#running?.cancel() ?? Promise.resolve();
    void stopped.catch(() => undefined).then(then);
  }

  #fail(code: FailCode): void {
    if (this.#phase === 'closed') return;
    this.#options.writer.end(this.#options.stream, RECORD_TYPES.fail, encodeBody({ code }));
    this.#close();
  }

  #cancelled(): void {
    if (this.#phase === 'closed') return;
    const { writer, stream } = this.#options;
    writer.dropData(stream);
    writer.control(RECORD_TYPES.cancelled, stream);
    writer.close(stream);
    this.#close();
  }

  #close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#body = undefined;
    this.#options.onClosed();
  }
}
