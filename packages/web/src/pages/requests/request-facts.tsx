import type { RequestDetail, RequestTarget } from '@switchyard/protocol/console/requests.ts';
import type { ReactNode } from 'react';
import { Card } from '../../ui/page.tsx';
import { Time } from '../../ui/time.tsx';
import { secondsText } from './request-columns.tsx';

/** The rest of what is known of a request, as names and values. */
export function Facts({ request }: { request: RequestDetail }) {
  const facts: readonly (readonly [name: string, value: ReactNode])[] = [
    ['Time', <Time key="time" at={request.startedAt} />],
    ['Model', request.model],
    ['API', `${request.surface}${request.streamed ? ', streamed' : ''}`],
    ['Key', request.key.name ?? `gone (${request.key.id})`],
    ['Answered by', targetText(request.target)],
    ['Asked', request.attempts === 1 ? 'one target' : `${request.attempts} targets`],
    ['First content', request.firstPartMs === null ? 'none came' : secondsText(request.firstPartMs)],
    ['Whole', `${secondsText(request.durationMs)}${speedText(request)}`],
    ['Error', request.error === null ? 'none' : <code key="error">{request.error}</code>],
  ];
  return (
    <Card>
      <dl className="grid gap-x-8 gap-y-3 text-sm sm:grid-cols-2">
        {facts.map(([name, value]) => (
          <div key={name} className="grid grid-cols-[7rem_minmax(0,1fr)] gap-3">
            <dt className="text-soft">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** Empty where there is no stream to measure. */
function speedText({ usage, firstPartMs, durationMs }: RequestDetail): string {
  const seconds = firstPartMs === null ? 0 : (durationMs - firstPartMs) / 1000;
  if (seconds <= 0 || usage.completion_tokens === 0) return '';
  return `, ${Math.round(usage.completion_tokens / seconds).toLocaleString('en-US')} tokens a second after that`;
}

const TIERS: Readonly<Record<string, string>> = {
  operator: 'a node of the operator',
  verified: 'a node of somebody else, verified today',
  probation: 'a node of somebody else, on probation today',
};

function targetText({ kind, name, node, tier }: RequestTarget): string {
  switch (kind) {
    case 'none':
      return 'nobody: no target was asked';
    case 'upstream':
      return name === null ? 'a provider of the operator' : `the upstream ${name}`;
    case 'deployment':
      return `${node?.name ?? 'a private node of this account'}${name === null ? '' : `, deployment ${name}`}`;
    case 'pool':
      return `${node?.name ?? TIERS[tier ?? ''] ?? 'a node that is gone'}${name === null ? '' : `, pool ${name}`}`;
  }
}
