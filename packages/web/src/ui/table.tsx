import type { ReactNode } from 'react';
import { classes } from './classes.ts';

export type Column<Row> = {
  name: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  right?: boolean;
  /** The name is read, not shown: for a column of buttons. */
  hidden?: boolean;
  /** Long: on a phone it has a line of its own; buttons, too, which else stand at the corner. */
  wide?: boolean;
};

/** Said again, because a browser forgets them where a table is laid out as cards. */
const ROLES = {
  table: { role: 'table' },
  rowgroup: { role: 'rowgroup' },
  row: { role: 'row' },
  columnheader: { role: 'columnheader' },
  cell: { role: 'cell' },
};

/**
 * A table that scrolls by itself when it is too wide. On a phone each row is a card: the first column is its title, a
 * button stands at its corner, and every other value has its column's name above it. `label` says what it lists.
 */
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
  const hasCorner = columns.some(({ hidden, wide }) => hidden === true && wide !== true);
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className="relative overflow-x-auto rounded-xl border border-line bg-surface"
    >
      <table {...ROLES.table} className="w-full border-collapse text-sm max-sm:block">
        <caption className="sr-only">{label}</caption>
        <thead {...ROLES.rowgroup} className="max-sm:sr-only">
          <tr {...ROLES.row} className="border-b border-line text-left text-[0.8125rem] text-soft">
            {columns.map((column) => (
              <th
                key={column.name}
                {...ROLES.columnheader}
                scope="col"
                className={classes(
                  'px-4 py-2.5 font-medium whitespace-nowrap',
                  column.right === true && 'text-right',
                )}
              >
                {column.hidden === true ? <span className="sr-only">{column.name}</span> : column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...ROLES.rowgroup} className="max-sm:block">
          {rows.map((row) => (
            <tr
              key={keyOf(row)}
              {...ROLES.row}
              className="border-b border-line align-baseline last:border-0 max-sm:relative max-sm:grid max-sm:grid-cols-2 max-sm:gap-x-4 max-sm:gap-y-2.5 max-sm:px-4 max-sm:py-3.5"
            >
              {columns.map((column, index) => (
                <td
                  key={column.name}
                  {...ROLES.cell}
                  data-name={column.name}
                  className={cellClass(column, index === 0, hasCorner)}
                >
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

const NAME_ABOVE =
  'max-sm:before:block max-sm:before:text-xs max-sm:before:text-soft max-sm:before:content-[attr(data-name)]';

const CORNER = 'max-sm:absolute max-sm:top-1.5 max-sm:right-1.5';
const BELOW = 'max-sm:col-span-2 max-sm:-mx-3.5 max-sm:-mb-1.5';

function cellClass<Row>({ right, hidden, wide }: Column<Row>, isFirst: boolean, hasCorner: boolean): string {
  const place = isFirst
    ? classes('max-sm:col-span-2', hasCorner && 'max-sm:pr-24')
    : hidden === true
      ? classes('sm:align-middle', wide === true ? BELOW : CORNER)
      : classes(NAME_ABOVE, 'max-sm:empty:hidden', wide === true && 'max-sm:col-span-2');
  return classes('min-w-0 max-w-80 break-words sm:px-4 sm:py-2.5', right === true && 'sm:text-right', place);
}
