import { createPartChecker } from '@switchyard/protocol/link/part-codec.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { AttemptFault, AttemptSink } from '../core/attempt.ts';

/** How the answer on a job's stream is read, and who hears of it. There is one for each kind of job. */
export type JobAnswer = {
  /** Takes a DATA record. False: it must not stand here. */
  data(body: Uint8Array): boolean;
  /** Takes a PROGRESS record. False: it must not stand here. */
  progress(body: Uint8Array): boolean;
  /** The message is read: hands on what came in it. */
  flush(): void;
  /** Takes FINISH. A fault: the node keeps to the protocol, but what it made is no answer. */
  finish(body: Uint8Array): 'whole' | 'breach' | AttemptFault;
  /** What is there after FINISH and takes a while to look at. A fault: it is no answer. Absent: there is nothing to look at. */
  look?(): Promise<AttemptFault | undefined>;
  /** The owner's calls. Of `end` and `fault` exactly one comes, unless the owner has cancelled. */
  alive(): void;
  end(): void;
  fault(fault: AttemptFault): void;
  /** Nobody waits for it any more. */
  drop(): void;
  /** Characters of text so far, for the node's measured speed. */
  textChars(): number;
};

/** The answer of a chat job: one part in each record, handed on message by message. */
export class TextAnswer implements JobAnswer {
  readonly #sink: AttemptSink;
  readonly #checker = createPartChecker();
  #batch: StreamPart[] = [];
  #textChars = 0;

  constructor(sink: AttemptSink) {
    this.#sink = sink;
  }

  data(body: Uint8Array): boolean {
    const part = this.#checker.decode(body);
    if (!part.ok) return false;
    if ('text' in part.value) this.#textChars += part.value.text.length;
    this.#batch.push(part.value);
    return true;
  }

  progress(): boolean {
    return false;
  }

  flush(): void {
    if (this.#batch.length === 0) return;
    const parts = this.#batch;
    this.#batch = [];
    this.#sink.onParts(parts);
  }

  finish(): 'whole' | 'breach' {
    return this.#checker.finished() ? 'whole' : 'breach';
  }

  alive(): void {
    this.#sink.onAlive();
  }

  end(): void {
    this.#sink.onEnd();
  }

  fault(fault: AttemptFault): void {
    this.#sink.onFault(fault);
  }

  drop(): void {
    this.#batch = [];
  }

  textChars(): number {
    return this.#textChars;
  }
}
