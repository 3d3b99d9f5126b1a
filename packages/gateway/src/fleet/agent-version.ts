/**
 * Whether a connector's version is older than another, both `major.minor.patch`. What stands behind that, such as
 * `-beta`, does not count. A version that cannot be read counts as older: its program does not know the rules.
 */
export function isOlderAgent(version: string, than: string): boolean {
  const have = numbersOf(version);
  const want = numbersOf(than);
  if (have === undefined || want === undefined) return have === undefined;
  const differing = have.findIndex((number, at) => number !== want[at]);
  return differing >= 0 && (have[differing] ?? 0) < (want[differing] ?? 0);
}

function numbersOf(version: string): number[] | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?![\d.])/.exec(version);
  return match === null ? undefined : match.slice(1).map(Number);
}
