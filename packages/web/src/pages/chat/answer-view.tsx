import { useRef } from 'react';
import { Fold } from '../../studio/fold.tsx';
import { RichText } from '../../studio/rich-text.tsx';
import { Button, ButtonLink, Spinner } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { creditsText, usdText } from '../../ui/money.tsx';
import { Notice } from '../../ui/notice.tsx';
import type { Answer, AnswerTurn, AnswerUsage } from './conversation.ts';
import { ToolCalls } from './tool-calls.tsx';

/** What a model answered: thinking folded, text, calls, and what it cost. */
export function AnswerView(props: {
  turn: AnswerTurn;
  isLast: boolean;
  isRunning: boolean;
  onRegenerate: () => void;
  onResults: (results: ReadonlyMap<string, string>) => void;
}) {
  const { turn, isLast, isRunning, onRegenerate, onResults } = props;
  const { answer } = turn;
  const shown = useRef<HTMLDivElement>(null);
  const isGrowing = answer.end === 'running' && isRunning;
  const thoughts = answer.thinking.map(({ text }) => text).join('\n\n');
  return (
    <article aria-label={`Answer of ${turn.model}`} className="grid min-w-0 grid-cols-1 gap-3 break-words">
      <p className="flex items-center gap-2 text-[0.8125rem] text-soft">
        {isGrowing && <Spinner />}
        {turn.model}
      </p>
      {thoughts !== '' && (
        <Fold title="Thinking" quiet>
          <p className="text-sm whitespace-pre-wrap text-soft">{thoughts}</p>
        </Fold>
      )}
      {answer.text !== '' && (
        <div ref={shown} className="min-w-0">
          <RichText text={answer.text} />
        </div>
      )}
      {answer.calls.length > 0 && (
        <ToolCalls
          key={turn.id}
          calls={answer.calls}
          onResults={isLast && !isRunning && answer.end === 'whole' ? onResults : undefined}
        />
      )}
      <EndNotice answer={answer} />
      {!isGrowing && (
        <div className="flex flex-wrap items-center gap-x-7 gap-y-1">
          {answer.usage !== undefined && <UsageLine usage={answer.usage} />}
          <span className="flex items-center gap-x-7">
            {answer.text !== '' && <CopyButton text={answer.text} block={() => shown.current} />}
            <Button look="quiet" className="-mx-3.5" disabled={isRunning} onClick={onRegenerate}>
              Ask again
            </Button>
          </span>
        </div>
      )}
    </article>
  );
}

function UsageLine({ usage }: { usage: AnswerUsage }) {
  const { inputTokens, cachedTokens, outputTokens, reasoningTokens, costMicros } = usage;
  const count = (tokens: number) => tokens.toLocaleString('en-US');
  return (
    <p className="text-[0.8125rem] text-soft tabular-nums">
      {count(inputTokens)} tokens in
      {cachedTokens > 0 && ` (${count(cachedTokens)} cached)`}, {count(outputTokens)} out
      {reasoningTokens > 0 && ` (${count(reasoningTokens)} thinking)`} · {usdText(costMicros)},{' '}
      {creditsText(costMicros)}
    </p>
  );
}

function EndNotice({ answer }: { answer: Answer }) {
  switch (answer.end) {
    case 'length':
      return <Notice tone="warn">The answer was cut: it reached the limit of tokens.</Notice>;
    case 'refused':
      return <Notice tone="warn">The model or its provider refused to answer.</Notice>;
    case 'stopped':
      return (
        <Notice tone="plain" action={<ButtonLink href="/app/requests">See the request</ButtonLink>}>
          Stopped. What was written until then may have been charged.
        </Notice>
      );
    case 'failed':
      return <Failed answer={answer} />;
    case 'running':
    case 'whole':
      return null;
  }
}

/** What can be done; the rest the API says itself. */
const ADVICE: Readonly<Record<string, string>> = {
  insufficient_credits:
    'The balance does not cover the most that this can cost. Lower the limit of tokens, or add credit.',
  server_is_overloaded:
    'Nothing is free or online for this model now. Ask again in a moment, or take another model.',
  context_length_exceeded:
    'The conversation is too long for this model. Begin a new one, or take a model with more context.',
  rate_limit_exceeded: 'Too many requests in a minute. Wait a little, then ask again.',
  network: 'The connection was lost. What was written until then may have been charged.',
};

function Failed({ answer }: { answer: Answer }) {
  const { code = '', message = '' } = answer.failure ?? {};
  // More credit does not move a limit of spending.
  const isMoney = code === 'insufficient_credits';
  return (
    <Notice tone="bad" action={isMoney && <ButtonLink href="/app/billing">Add credit</ButtonLink>}>
      {ADVICE[code] ?? message}
      {answer.requestId !== '' && (
        <span className="block font-mono text-xs text-soft break-all">{answer.requestId}</span>
      )}
    </Notice>
  );
}
