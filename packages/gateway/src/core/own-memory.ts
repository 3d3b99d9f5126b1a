/**
 * The same bytes in memory that nothing else shares. For what a stream keeps for minutes: Node cuts small buffers from slabs
 * of 64 KiB (`Buffer.poolSize`, Node 26), and a part of what was read shares all of it; either lives as long as any part.
 */
export function inOwnMemory(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.byteLength) return bytes;
  const own = Buffer.allocUnsafeSlow(bytes.byteLength);
  bytes.copy(own);
  return own;
}
