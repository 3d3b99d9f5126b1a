/** Collects a control body that came in slices. Slices are copied, so that a tiny one does not keep its message. */
export class SlicedBody {
  readonly #maxBytes: number;
  #slices: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False when the body grows over its bound. */
  add(slice: Uint8Array): boolean {
    this.#bytes += slice.byteLength;
    if (this.#bytes > this.#maxBytes) return false;
    if (slice.byteLength > 0) this.#slices.push(Uint8Array.prototype.slice.call(slice));
    return true;
  }

  /** The whole body; starts anew. */
  take(): Uint8Array {
    const body = new Uint8Array(this.#bytes);
    let at = 0;
    for (const slice of this.#slices) {
      body.set(slice, at);
      at += slice.byteLength;
    }
    this.#slices = [];
    this.#bytes = 0;
    return body;
  }
}
