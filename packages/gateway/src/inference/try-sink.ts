import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { AttemptFault, AttemptSink } from '../core/attempt.ts';

/** Whose tries they are, made once for a request. */
export type TryOwner = {
  /** Whether the request still listens to its try of this number. */
  isPresent(tryNumber: number): boolean;
  parts(parts: readonly StreamPart[], relay: Buffer | undefined): void;
  answered(): void;
  failed(fault: AttemptFault): void;
};

/**
 * What one try at a target pushes into. Late calls of a try that was given up are dropped by its number, and what it
 * says after its own end by `#isOver`: the request may wait in the queue then, where its number is still the last one.
 */
export class TrySink implements AttemptSink {
  readonly #owner: TryOwner;
  readonly #tryNumber: number;
  #isOver = false;

  constructor(owner: TryOwner, tryNumber: number) {
    this.#owner = owner;
    this.#tryNumber = tryNumber;
  }

  isListening(): boolean {
    return !this.#isOver && this.#owner.isPresent(this.#tryNumber);
  }

  onParts(parts: readonly StreamPart[], relay?: Buffer): void {
    if (this.isListening()) this.#owner.parts(parts, relay);
  }

  onAlive(): void {}

  onEnd(): void {
    if (!this.isListening()) return;
    this.#isOver = true;
    this.#owner.answered();
  }

  onFault(fault: AttemptFault): void {
    if (!this.isListening()) return;
    this.#isOver = true;
    this.#owner.failed(fault);
  }
}
