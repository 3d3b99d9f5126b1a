import { useQuery } from '@tanstack/react-query';
import { overviewQuery } from '../../api/queries.ts';
import { useSignedIn } from '../../session/session.tsx';
import { Money } from '../../ui/money.tsx';
import { Figure, Page } from '../../ui/page.tsx';
import { Loaded } from '../../ui/states.tsx';

export default function DashboardPage() {
  const { account } = useSignedIn();
  const overview = useQuery(overviewQuery(account.id));
  return (
    <Page title="Dashboard">
      <Loaded query={overview}>
        {({ balance }) => (
          <Figure label="Balance">
            <Money micros={balance.available.micros} />
          </Figure>
        )}
      </Loaded>
    </Page>
  );
}
