import { useQuery } from '@tanstack/react-query';
import type { OperatorConfig } from '@switchyard/protocol/console/operator.ts';
import { TextField } from '../../ui/field.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { configQuery } from '../operator-queries.ts';

type Value = OperatorConfig['values'][number];

const COLUMNS: readonly Column<Value>[] = [
  { name: 'Setting', cell: ({ path }) => <code className="font-mono text-xs break-all">{path}</code> },
  { name: 'Value', cell: ({ value }) => <code className="font-mono text-xs break-all">{value}</code> },
  { name: 'From', cell: ({ source }) => <span className="text-soft">{source}</span> },
];

export default function ConfigPage() {
  const { values, change } = useFilters(['search']);
  const config = useQuery(configQuery);
  const wanted = values.search.toLowerCase();
  return (
    <Page
      title="Configuration"
      lead="What is in force, and where each value comes from. Secrets are never shown. To change a value, edit switchyard.yaml and start again."
    >
      <div className="max-w-sm">
        <TextField
          label="Search"
          type="search"
          hint="A part of a setting, a value or a source."
          value={values.search}
          onChange={(event) => change({ search: event.target.value }, { replace: true })}
        />
      </div>
      <Loaded query={config} lines={10}>
        {({ values: all }) => {
          const rows = all.filter(({ path, value, source }) =>
            `${path} ${value} ${source}`.toLowerCase().includes(wanted),
          );
          return rows.length === 0 ? (
            <Empty>No setting has “{values.search}” in it.</Empty>
          ) : (
            <Table label="Settings" rows={rows} keyOf={({ path }) => path} columns={COLUMNS} />
          );
        }}
      </Loaded>
    </Page>
  );
}
