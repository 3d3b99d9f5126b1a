import { useQuery } from '@tanstack/react-query';
import { Page } from '../../ui/page.tsx';
import { Loaded } from '../../ui/states.tsx';
import { operatorUpstreamsQuery } from '../operator-queries.ts';
import { UpstreamsTable } from './upstreams-table.tsx';

export default function UpstreamsPage() {
  const upstreams = useQuery(operatorUpstreamsQuery);
  return (
    <Page
      title="Upstreams"
      lead="Providers whose models are sold on. Keys are set in the configuration; no page shows their values."
    >
      <Loaded query={upstreams}>{({ upstreams: rows }) => <UpstreamsTable rows={rows} />}</Loaded>
      <dl className="grid max-w-prose gap-x-4 gap-y-1 text-sm text-soft sm:grid-cols-[auto_1fr]">
        <dt className="font-medium text-ink">resting</dt>
        <dd>The provider said that it was asked too fast. The key is used again by itself.</dd>
        <dt className="font-medium text-ink">set aside</dt>
        <dd>The provider refused the key, or its credit there is used up. A person must look.</dd>
        <dt className="font-medium text-ink">left out</dt>
        <dd>The model failed several times in a row. Single requests try it again.</dd>
      </dl>
    </Page>
  );
}
