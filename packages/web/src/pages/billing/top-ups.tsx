import type { TopUp } from '@switchyard/protocol/console/session.ts';
import type { ReactNode } from 'react';
import { useSignedIn } from '../../session/session.tsx';
import { Code } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Card } from '../../ui/page.tsx';
import { AutoReload, CardForm } from './card-form.tsx';
import { UsdcForm } from './usdc-form.tsx';

/** The ways to add credit that the operator switched on, and only those. */
export function TopUps() {
  const { session } = useSignedIn();
  const { topUps } = session.site;
  if (topUps.length === 0) return <ByHand />;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      {topUps.map((topUp) =>
        topUp.method === 'usdc' ? (
          <Way key="usdc" title="USDC" topUp={topUp}>
            <UsdcForm />
          </Way>
        ) : (
          <Way key="card" title="Card" topUp={topUp}>
            <CardForm />
          </Way>
        ),
      )}
      {topUps
        .filter(({ method }) => method === 'card')
        .map((topUp) => (
          <Way key="reload" title="Auto-reload" topUp={topUp}>
            <AutoReload />
          </Way>
        ))}
    </div>
  );
}

function ByHand() {
  const { account } = useSignedIn();
  return (
    <div className="grid gap-3">
      <Notice tone="plain">
        This server takes no payments. Its operator adds credit by hand: send them this line with the amount.
      </Notice>
      <Code
        label="For the operator"
        text={`npx switchyard credit add ${account.id} --usd 20 --reason "invoice 42"`}
      />
    </div>
  );
}

/** One way to pay. Where the server says that it is not ready, nothing in it can be used. */
function Way({ title, topUp, children }: { title: string; topUp: TopUp; children: ReactNode }) {
  return (
    <Card className="grid gap-4">
      <h3 className="text-base font-semibold">{title}</h3>
      {!topUp.ready && (
        <Notice tone="plain">
          Not available yet on this server. Nothing here is sent and nothing is charged.
        </Notice>
      )}
      <fieldset disabled={!topUp.ready} className="grid gap-4">
        <legend className="sr-only">{title}</legend>
        {children}
      </fieldset>
    </Card>
  );
}
