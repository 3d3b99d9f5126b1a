/** What one block of Keccak-256 takes, in bytes; the last one is for the padding. */
const RATE_BYTES = 136;
const LANE_MASK = (1n << 64n) - 1n;

/** Of the 24 rounds. Source: keccak.team, "Keccak specifications summary", read 2026-11; the same numbers as in FIPS 202. */
const ROUND_CONSTANTS: readonly bigint[] = [
  0x0000000000000001n,
  0x0000000000008082n,
  0x800000000000808an,
  0x8000000080008000n,
  0x000000000000808bn,
  0x0000000080000001n,
  0x8000000080008081n,
  0x8000000000008009n,
  0x000000000000008an,
  0x0000000000000088n,
  0x0000000080008009n,
  0x000000008000000an,
  0x000000008000808bn,
  0x800000000000008bn,
  0x8000000000008089n,
  0x8000000000008003n,
  0x8000000000008002n,
  0x8000000000000080n,
  0x000000000000800an,
  0x800000008000000an,
  0x8000000080008081n,
  0x8000000000008080n,
  0x0000000080000001n,
  0x8000000080008008n,
];

/** By how much the lane at `x + 5 * y` turns left. */
const TURNS: readonly number[] = [
  0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
];

/**
 * An address of Ethereum as EIP-55 writes it: the case of its letters is a checksum. Messages to sign must have it so
 * (EIP-4361), and wallets tell of an address in small letters.
 * @param address `0x` and 40 hexadecimal digits
 */
export function checksumAddress(address: string): string {
  const digits = address.slice(2).toLowerCase();
  const hash = keccak256(new TextEncoder().encode(digits));
  const letters = Array.from(digits, (digit, at) => {
    const byte = hash[at >> 1] ?? 0;
    const nibble = at % 2 === 0 ? byte >> 4 : byte & 15;
    return nibble >= 8 ? digit.toUpperCase() : digit;
  });
  return `0x${letters.join('')}`;
}

/**
 * Keccak-256 as Ethereum has it (padded with 0x01, unlike SHA-3) of what fits into one block: 135 bytes at most, which is
 * enough for an address. Large whole numbers are slow, and fast enough for one.
 */
export function keccak256(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= RATE_BYTES) throw new RangeError('one block holds 135 bytes');
  const block = new Uint8Array(25 * 8);
  block.set(bytes);
  block[bytes.length] = 0x01;
  block[RATE_BYTES - 1] = (block[RATE_BYTES - 1] ?? 0) | 0x80;
  const view = new DataView(block.buffer);
  let lanes = Array.from({ length: 25 }, (_, at) => view.getBigUint64(at * 8, true));
  for (const constant of ROUND_CONSTANTS) lanes = round(lanes, constant);
  for (let at = 0; at < 4; at += 1) view.setBigUint64(at * 8, lanes[at] ?? 0n, true);
  return block.slice(0, 32);
}

/** One round over 5 × 5 lanes of 64 bits: theta, rho with pi, chi, iota. */
function round(lanes: readonly bigint[], constant: bigint): bigint[] {
  const lane = (x: number, y: number) => lanes[(x % 5) + 5 * (y % 5)] ?? 0n;
  const columns = Array.from(
    { length: 5 },
    (_, x) => lane(x, 0) ^ lane(x, 1) ^ lane(x, 2) ^ lane(x, 3) ^ lane(x, 4),
  );
  const column = (x: number) => columns[x % 5] ?? 0n;
  const moved = Array.from({ length: 25 }, () => 0n);
  for (let y = 0; y < 5; y += 1) {
    for (let x = 0; x < 5; x += 1) {
      const mixed = lane(x, y) ^ column(x + 4) ^ turned(column(x + 1), 1);
      moved[y + 5 * ((2 * x + 3 * y) % 5)] = turned(mixed, TURNS[x + 5 * y] ?? 0);
    }
  }
  const at = (x: number, y: number) => moved[(x % 5) + 5 * y] ?? 0n;
  return moved.map((own, index) => {
    const x = index % 5;
    const y = (index - x) / 5;
    const chosen = own ^ (~at(x + 1, y) & LANE_MASK & at(x + 2, y));
    return index === 0 ? chosen ^ constant : chosen;
  });
}

function turned(lane: bigint, bits: number): bigint {
  return ((lane << BigInt(bits)) | (lane >> BigInt(64 - bits))) & LANE_MASK;
}
