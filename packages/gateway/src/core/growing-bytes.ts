/**
 * Bytes that come in parts and end up in one piece. The memory grows where it is: nothing is copied when a part comes,
 * and no parts are left behind for the collector. Of `maxBytes` only addresses are taken before there are bytes.
 */
export class GrowingBytes {
  readonly #memory: ArrayBuffer;

  constructor(maxBytes: number) {
    this.#memory = new ArrayBuffer(0, { maxByteLength: maxBytes });
  }

  /** False: it would be too many; nothing is added then. */
  add(part: Uint8Array): boolean {
    const { byteLength, maxByteLength } = this.#memory;
    if (byteLength + part.byteLength > maxByteLength) return false;
    this.#memory.resize(byteLength + part.byteLength);
    new Uint8Array(this.#memory, byteLength).set(part);
    return true;
  }

  /** Gives the memory back at once, not when it is collected. All views are empty then. */
  release(): void {
    this.#memory.resize(0);
  }

  /** All bytes so far, as a view. */
  view(): Buffer<ArrayBuffer> {
    return Buffer.from(this.#memory, 0, this.#memory.byteLength);
  }
}
