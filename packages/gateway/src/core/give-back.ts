/**
 * Gives the memory of bytes back at once that nobody reads any more; they are empty then. Left to the collector, a
 * picture of 2 MB that came in messages keeps another 2 MB for some pictures more: each is one small object to it.
 * Bytes that share their memory with others, such as parts of one read from a socket, are left to it; so are no bytes:
 * libraries have one empty buffer for all who need one.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes;
  if (byteLength > 0 && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
