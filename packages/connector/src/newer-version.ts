/**
 * Whether a version such as `0.2.0` is newer than another one. What stands behind the three numbers does not count, and
 * what is no version is never newer.
 */
export function isNewer(candidate: string, own: string): boolean {
  const [theirs, ours] = [numbersOf(candidate), numbersOf(own)];
  if (theirs === undefined || ours === undefined) return false;
  for (const [index, number] of theirs.entries()) {
    const other = ours[index] ?? 0;
    if (number !== other) return number > other;
  }
  return false;
}

function numbersOf(version: string): number[] | undefined {
  return /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:[-+]|$)/u.exec(version)?.slice(1).map(Number);
}
