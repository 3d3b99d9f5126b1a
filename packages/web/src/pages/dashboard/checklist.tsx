import type { Overview } from '@switchyard/protocol/console/overview.ts';
import type { ReactNode } from 'react';
import { useExample } from '../../session/use-example.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { classes } from '../../ui/classes.ts';
import { Icon } from '../../ui/icon.tsx';
import { Card } from '../../ui/page.tsx';
import { SnippetTabs } from '../../ui/snippet-tabs.tsx';

/** Three steps to the first request. The live stream ticks them off while the person watches. */
export function Checklist({ overview: { checklist } }: { overview: Overview }) {
  const example = useExample();
  const { keyMade, credit, firstRequest } = checklist;
  return (
    <Card className="grid gap-5">
      <h2 className="text-base font-semibold">Three steps to the first request</h2>
      <ol className="grid gap-5">
        <Step number={1} done={keyMade} title="Make a key">
          {!keyMade && <ButtonLink href="/app/keys">API keys</ButtonLink>}
        </Step>
        <Step number={2} done={credit} title="Have credit">
          {!credit && <ButtonLink href="/app/billing">Billing</ButtonLink>}
        </Step>
        <Step number={3} done={firstRequest} title="Send a request">
          {!firstRequest && (
            <div className="grid min-w-0 gap-3">
              <p className="text-sm text-soft">This page sees it when it arrives.</p>
              <SnippetTabs ask={example} />
            </div>
          )}
        </Step>
      </ol>
    </Card>
  );
}

function Step(props: { number: number; done: boolean; title: string; children: ReactNode }) {
  return (
    <li className="grid grid-cols-[1.75rem_minmax(0,1fr)] gap-x-3 gap-y-2">
      <span
        className={classes(
          'flex size-7 items-center justify-center rounded-full text-sm font-semibold',
          props.done ? 'bg-good-soft text-good' : 'border border-edge text-soft',
        )}
      >
        {props.done ? <Icon name="check" size={16} /> : props.number}
      </span>
      <p className="self-center text-sm font-semibold">
        {props.title}
        {props.done && <span className="font-normal text-soft">: done</span>}
      </p>
      <div className="col-start-2 min-w-0">{props.children}</div>
    </li>
  );
}
