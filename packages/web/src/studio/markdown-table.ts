import { parseInline, type Inline } from './markdown-inline.ts';

/** A table as GitHub's Markdown has them. A row may have fewer cells than the header, never more. */
export type Table = {
  kind: 'table';
  header: Inline[][];
  aligns: Align[];
  body: Inline[][][];
};
export type Align = 'left' | 'center' | 'right' | undefined;

/** A row of names with bars between them, and below it a row of dashes with as many cells. */
export function isTableAt(lines: readonly string[], at: number): boolean {
  const [header = '', dashes = ''] = [lines[at], lines[at + 1]];
  if (!header.includes('|') || !dashes.includes('-')) return false;
  const marks = cellsOf(dashes);
  return marks.every((mark) => /^:?-+:?$/.test(mark)) && marks.length === cellsOf(header).length;
}

/** Reads the table at a line of which `isTableAt` holds. It ends with the first line without a bar. */
export function readTable(lines: readonly string[], from: number): [table: Table, after: number] {
  const header = cellsOf(lines[from] ?? '');
  let at = from + 2;
  const body: Inline[][][] = [];
  for (; (lines[at] ?? '').includes('|'); at += 1) {
    const cells = cellsOf(lines[at] ?? '');
    // What is too much stays to be read, in the last cell.
    const last = cells.splice(header.length - 1).join(' | ');
    body.push([...cells, last].map((cell) => parseInline(cell)));
  }
  const table: Table = {
    kind: 'table',
    header: header.map((cell) => parseInline(cell)),
    aligns: cellsOf(lines[from + 1] ?? '').map(alignOf),
    body,
  };
  return [table, at];
}

function alignOf(mark: string): Align {
  if (mark.endsWith(':')) return mark.startsWith(':') ? 'center' : 'right';
  return mark.startsWith(':') ? 'left' : undefined;
}

/** `| a | b |` is two cells, and so is `a | b`. A bar behind a backslash is a letter. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  let cell = '';
  for (const part of line.trim().split('|')) {
    const isEscaped = part.endsWith('\\');
    cell += isEscaped ? `${part.slice(0, -1)}|` : part;
    if (isEscaped) continue;
    cells.push(cell.trim());
    cell = '';
  }
  // A bar that was promised behind the last backslash is not there.
  if (cell !== '') cells.push(`${cell.slice(0, -1)}\\`.trim());
  if (cells.length > 1 && cells[0] === '') cells.shift();
  if (cells.length > 1 && cells.at(-1) === '') cells.pop();
  return cells;
}
