import { useState } from 'react';
import { Button } from './button.tsx';
import { Empty } from './states.tsx';
import { Table, type Column } from './table.tsx';
import { useFilters } from './use-filters.ts';

/** So many rows are found at a glance: no search above them. */
const SHORT = 8;
const STEP = 100;

/**
 * A table of a list that came whole and may be long: above it a search, whose words are in the address, and only so many
 * rows at once.
 */
export function LongTable<Row>(props: {
  label: string;
  /** Of one row, for the count: `key`. */
  noun: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** What is searched in. */
  textOf: (row: Row) => string;
}) {
  const { label, noun, columns, rows, keyOf, textOf } = props;
  const { values, change } = useFilters(['find']);
  const [shownMax, setShownMax] = useState(STEP);
  const question = values.find;
  const found = findRows(rows, question, textOf);
  const ask = (find: string) => change({ find }, { replace: true });
  return (
    <div className="grid min-w-0 gap-3">
      {(rows.length > SHORT || question !== '') && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <input
            type="search"
            aria-label={`Find in ${label}`}
            placeholder={`Find a ${noun}`}
            maxLength={100}
            value={question}
            onChange={(event) => ask(event.target.value)}
            className="min-h-9 w-full max-w-72 rounded-md border border-edge bg-surface px-3 text-sm print:hidden"
          />
          <p role="status" className="text-[0.8125rem] text-soft tabular-nums">
            {countOf(found.length, rows.length, noun)}
          </p>
        </div>
      )}
      {found.length === 0 ? (
        <Empty action={<Button onClick={() => ask('')}>Show all</Button>}>
          {`No ${noun} has “${question}” in it.`}
        </Empty>
      ) : (
        <Table label={label} columns={columns} rows={found.slice(0, shownMax)} keyOf={keyOf} />
      )}
      {found.length > shownMax && (
        <div className="flex items-center gap-4">
          <Button onClick={() => setShownMax(shownMax + STEP)}>
            {`Show ${Math.min(STEP, found.length - shownMax)} more`}
          </Button>
          <span className="text-[0.8125rem] text-soft">{`${found.length - shownMax} are not shown`}</span>
        </div>
      )}
    </div>
  );
}

/** Rows whose text holds every word that was typed, in any order and case. */
export function findRows<Row>(
  rows: readonly Row[],
  question: string,
  textOf: (row: Row) => string,
): readonly Row[] {
  const words = question
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = textOf(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function countOf(found: number, all: number, noun: string): string {
  const total = `${all.toLocaleString('en-US')} ${all === 1 ? noun : `${noun}s`}`;
  return found === all ? total : `${found.toLocaleString('en-US')} of ${total}`;
}
