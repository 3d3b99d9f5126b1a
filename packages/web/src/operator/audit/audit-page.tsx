import { useQuery } from '@tanstack/react-query';
import type { AuditRow } from '@switchyard/protocol/console/operator.ts';
import { TextField } from '../../ui/field.tsx';
import { Page } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time, zoneName } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { auditQuery } from '../operator-queries.ts';

const ROWS_MAX = 50;
const FILTERS = [
  { name: 'actor', label: 'Who', hint: 'A part of it: person, cli, trust.' },
  { name: 'action', label: 'Did what', hint: 'A part of it: price.set, node.' },
  { name: 'subject', label: 'To what', hint: 'A part of an id.' },
] as const;

const COLUMNS: readonly Column<AuditRow>[] = [
  { name: 'When', cell: ({ at }) => <Time at={at} /> },
  { name: 'Who', cell: ({ actor }) => <code className="font-mono text-xs break-all">{actor}</code> },
  { name: 'Did what', cell: ({ action }) => <span className="font-medium">{action}</span> },
  { name: 'To what', cell: ({ subject }) => <code className="font-mono text-xs break-all">{subject}</code> },
  {
    name: 'Before and after',
    wide: true,
    cell: ({ detail }) => <span className="break-words">{detail}</span>,
  },
];

export default function AuditLogPage() {
  const { values, change } = useFilters(['actor', 'action', 'subject', 'cursor']);
  const audit = useQuery(auditQuery(values, ROWS_MAX));
  const isFiltered = FILTERS.some(({ name }) => values[name] !== '');
  return (
    <Page
      title="Audit log"
      lead={`Every change by operators, owners and the program itself. Times in ${zoneName()}.`}
    >
      <div className="grid gap-4 sm:grid-cols-3">
        {FILTERS.map(({ name, label, hint }) => (
          <TextField
            key={name}
            label={label}
            hint={hint}
            type="search"
            maxLength={100}
            value={values[name]}
            onChange={(event) => change({ [name]: event.target.value, cursor: '' }, { replace: true })}
          />
        ))}
      </div>
      <Loaded query={audit} lines={8}>
        {({ entries, nextCursor }) => (
          <>
            {entries.length === 0 ? (
              <Empty>{isFiltered ? 'No line is like that.' : 'Nothing was changed yet.'}</Empty>
            ) : (
              <Table
                label="Audit log"
                rows={entries}
                keyOf={(row) => `${row.at} ${row.action} ${row.subject} ${row.detail}`}
                columns={COLUMNS}
              />
            )}
            <Pager cursor={values.cursor} next={nextCursor} onCursor={(cursor) => change({ cursor })} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
