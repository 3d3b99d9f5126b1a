import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { accountPath, query } from '../../api/client.ts';
import { keysQuery, modelsQuery, requestsQuery } from '../../api/queries.ts';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { DownloadLink } from '../../ui/button.tsx';
import { InlineSelect } from '../../ui/field.tsx';
import { Page } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Table } from '../../ui/table.tsx';
import { zoneName } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { OWN_REQUEST_COLUMNS } from './request-columns.tsx';
import { STATUS_OPTIONS } from './request-status.tsx';

const PAGE = 50;

/** Receipts with filters; the filters are in the address, so that a view can be shared. */
export default function RequestsPage() {
  const { account } = useSignedIn();
  const { values, change } = useFilters(['model', 'key', 'status', 'cursor']);
  const { model, key, status, cursor } = values;
  const move = (changed: Partial<typeof values>) => change({ cursor: '', ...changed });
  const requests = useQuery({
    ...requestsQuery(account.id, { model, key, status, cursor, limit: PAGE }),
    placeholderData: keepPreviousData,
  });
  const models = useQuery(modelsQuery).data?.models ?? [];
  const keys = useQuery({ ...keysQuery(account.id), enabled: useMay('developer') }).data?.keys ?? [];
  return (
    <Page
      title="Requests"
      lead={`Only what billing needs is kept. Prompts and answers are nowhere. Times in ${zoneName()}.`}
      action={
        <DownloadLink href={accountPath(account.id, `requests.csv${query({ model, key, status })}`)}>
          CSV
        </DownloadLink>
      }
    >
      <div className="flex flex-wrap gap-2">
        <InlineSelect
          label="Model"
          value={model}
          options={[
            { value: '', label: 'Every model' },
            ...models.map(({ id }) => ({ value: id, label: id })),
          ]}
          onValue={(value) => move({ model: value })}
        />
        <InlineSelect
          label="Key"
          value={key}
          options={[
            { value: '', label: 'Every key' },
            ...keys.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onValue={(value) => move({ key: value })}
        />
        <InlineSelect
          label="Status"
          value={status}
          options={STATUS_OPTIONS}
          onValue={(value) => move({ status: value })}
        />
      </div>
      <Loaded query={requests} lines={8}>
        {({ requests: rows, nextCursor }) => (
          <>
            {rows.length === 0 ? (
              <Empty>
                {model + key + status === '' ? 'There was no request yet.' : 'No request is like that.'}
              </Empty>
            ) : (
              <Table label="Requests" rows={rows} keyOf={({ id }) => id} columns={OWN_REQUEST_COLUMNS} />
            )}
            <Pager cursor={cursor} next={nextCursor} onCursor={(cursor) => move({ cursor })} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
