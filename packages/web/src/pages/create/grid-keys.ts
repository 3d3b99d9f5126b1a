/** Where a key leads in a grid that is filled row by row. Undefined: the key means nothing here, or leads nowhere. */
export function moveInGrid(
  key: string,
  { at, count, columns }: { at: number; count: number; columns: number },
): number | undefined {
  const next = targetOf(key, { at, count, columns });
  return next !== undefined && next >= 0 && next < count && next !== at ? next : undefined;
}

function targetOf(
  key: string,
  { at, count, columns }: { at: number; count: number; columns: number },
): number | undefined {
  switch (key) {
    case 'ArrowRight':
      return at + 1;
    case 'ArrowLeft':
      return at - 1;
    case 'ArrowDown':
      return at + columns;
    case 'ArrowUp':
      return at - columns;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
