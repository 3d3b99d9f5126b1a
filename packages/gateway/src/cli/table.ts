/** A cell to the right is a number. */
export type Column = { title: string; align?: 'right' };

/** Aligned columns with two spaces between them; no trailing spaces. One line per row, the titles first. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(width(column.title), ...rows.map((row) => width(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => pad(cells[index] ?? '', widths[index] ?? 0, column.align === 'right'))
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)].join('\n');
}

/** `name  value` lines with the names in one column. */
export function formatRecord(fields: readonly (readonly [name: string, value: string])[]): string {
  const nameWidth = Math.max(0, ...fields.map(([name]) => width(name)));
  return fields.map(([name, value]) => `${pad(name, nameWidth, false)}  ${value}`.trimEnd()).join('\n');
}

function pad(text: string, toWidth: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, toWidth - width(text)));
  return right ? space + text : text + space;
}

/** Characters as people count them, not UTF-16 units. Wide East Asian ones count as one, which only shifts a column. */
function width(text: string): number {
  return Array.from(text).length;
}
