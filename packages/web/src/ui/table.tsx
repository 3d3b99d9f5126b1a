import type { ReactNode } from 'react';
import { classes } from './classes.ts';

export type Column<Row> = {
  name: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  right?: boolean;
  /** The name is read, not shown: for a column of buttons. */
  hidden?: boolean;
  /** Hidden on a phone. */
  wide?: boolean;
};

/** A table that scrolls by itself when it is too wide. `label` says what it lists. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}) {
  const cellClass = (column: Column<Row>) =>
    classes(
      'px-3 py-2.5 sm:px-4',
      column.right === true && 'text-right',
      column.wide === true && 'max-sm:hidden',
    );
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className="overflow-x-auto rounded-xl border border-line bg-surface"
    >
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr className="border-b border-line text-left text-[0.8125rem] text-soft">
            {columns.map((column) => (
              <th key={column.name} scope="col" className={classes(cellClass(column), 'font-medium')}>
                {column.hidden === true ? <span className="sr-only">{column.name}</span> : column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className="border-b border-line align-top last:border-0">
              {columns.map((column) => (
                <td key={column.name} className={cellClass(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
