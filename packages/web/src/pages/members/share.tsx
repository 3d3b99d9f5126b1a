import type { MemberShare } from '@switchyard/protocol/console/members.ts';
import { Money, usdText } from '../../ui/money.tsx';

const WINDOWS = ['day', 'week', 'month'] as const;

/** What all keys of a member spent this month, and how many keys that are. */
export function Spent({ share }: { share: MemberShare | null }) {
  if (share === null) return <span className="text-soft">not shown</span>;
  return (
    <>
      <Money micros={share.spend.month.spent.micros} />
      <span className="block text-xs text-soft">
        {share.keys} {share.keys === 1 ? 'key' : 'keys'}
      </span>
    </>
  );
}

/** The limits that all keys of a member share, each with what was spent of it. */
export function Limits({ share }: { share: MemberShare | null }) {
  if (share === null) return null;
  const lines = limitLines(share);
  if (lines.length === 0) return <span className="text-soft">none</span>;
  return lines.map((line) => (
    <span key={line} className="block text-xs whitespace-nowrap tabular-nums">
      {line}
    </span>
  ));
}

function limitLines({ spend, requestsPerMinute, concurrency }: MemberShare): string[] {
  const amounts = WINDOWS.flatMap((name) => {
    const { spent, limit } = spend[name];
    return limit === null ? [] : [`${usdText(spent.micros)} of ${usdText(limit.micros)} this ${name}`];
  });
  return [
    ...amounts,
    ...(requestsPerMinute === null ? [] : [`${requestsPerMinute} requests a minute`]),
    ...(concurrency === null ? [] : [`${concurrency} requests at once`]),
  ];
}
