import { useQuery } from '@tanstack/react-query';
import type { RequestDetail } from '@switchyard/protocol/console/requests.ts';
import { useParams } from 'wouter';
import { ApiError } from '../../api/client.ts';
import { requestQuery } from '../../api/queries.ts';
import { useSignedIn } from '../../session/session.tsx';
import { ButtonLink } from '../../ui/button.tsx';
import { CopyLine } from '../../ui/copy.tsx';
import { Money } from '../../ui/money.tsx';
import { Figure, Page, Section } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { Cost, Movements } from './request-cost.tsx';
import { Facts } from './request-facts.tsx';
import { secondsText } from './request-columns.tsx';
import { RequestReceipt } from './request-receipt.tsx';
import { RequestStatus } from './request-status.tsx';

/** One request: what it cost and why, and the receipt that proves it. */
export default function RequestPage() {
  const { account } = useSignedIn();
  const { request: id = '' } = useParams();
  const request = useQuery(requestQuery(account.id, id));
  const isMissing = request.error instanceof ApiError && request.error.status === 404;
  return (
    <Page
      title="Request"
      lead="Only what billing needs is kept. The prompt and the answer are nowhere."
      action={<ButtonLink href="/app/requests">All requests</ButtonLink>}
    >
      {isMissing ? (
        <Empty>
          This account has no request of this id. It may be of another account, or the id is mistyped.
        </Empty>
      ) : (
        <Loaded query={request} lines={8}>
          {(data) => <RequestBody request={data} />}
        </Loaded>
      )}
    </Page>
  );
}

function RequestBody({ request }: { request: RequestDetail }) {
  const { usage, money } = request;
  const given = money.refunds.reduce((sum, { amount }) => sum + amount.micros, 0);
  return (
    <>
      <CopyLine label="the id of the request" text={request.id} />
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
        <Figure label="Status" note={request.error ?? <Time at={request.startedAt} />}>
          <span className="text-lg">
            <RequestStatus row={request} />
          </span>
        </Figure>
        <Figure
          label="Charged"
          note={
            given > 0 ? (
              <>
                <Money micros={given} /> of it given back
              </>
            ) : (
              <>
                of <Money micros={money.held.micros} /> held
              </>
            )
          }
        >
          <Money micros={money.charged.micros} />
        </Figure>
        <Figure
          label="Tokens"
          note={`${usage.prompt_tokens.toLocaleString('en-US')} in, ${usage.completion_tokens.toLocaleString('en-US')} out`}
        >
          {usage.total_tokens.toLocaleString('en-US')}
        </Figure>
        <Figure
          label="Took"
          note={
            request.firstPartMs === null
              ? 'no content came'
              : `first content after ${secondsText(request.firstPartMs)}`
          }
        >
          {secondsText(request.durationMs)}
        </Figure>
      </div>
      <Cost request={request} />
      <Movements money={money} />
      <Section title="How it ran">
        <Facts request={request} />
      </Section>
      <RequestReceipt receipt={request.receipt} />
    </>
  );
}
