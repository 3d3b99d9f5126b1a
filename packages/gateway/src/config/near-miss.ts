/**
 * The known word that is closest to a mistyped one, or undefined when none is close: at most one edit for short
 * words, two up to ten letters, three beyond. Dashes, underscores and capitals do not count (`baseUrl` is near `base_url`).
 */
export function nearMiss(word: string, known: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const plain = plainWord(word);
  let best: string | undefined;
  let bestDistance = (plain.length <= 4 ? 1 : plain.length <= 10 ? 2 : 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(plain, plainWord(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function plainWord(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, '');
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
