import { useQuery } from '@tanstack/react-query';
import { requestsQuery } from '../../api/queries.ts';
import { useSignedIn } from '../../session/session.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Table } from '../../ui/table.tsx';
import { OWN_REQUEST_COLUMNS } from '../requests/request-columns.tsx';

export function LastRequests() {
  const { account } = useSignedIn();
  const requests = useQuery(requestsQuery(account.id, { limit: 20 }));
  return (
    <Loaded query={requests} lines={5}>
      {({ requests: rows }) =>
        rows.length === 0 ? (
          <Empty>There was no request yet.</Empty>
        ) : (
          <Table label="Last requests" rows={rows} keyOf={({ id }) => id} columns={OWN_REQUEST_COLUMNS} />
        )
      }
    </Loaded>
  );
}
