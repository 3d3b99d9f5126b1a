import { useState, type FormEvent } from 'react';
import { Button } from '../../ui/button.tsx';
import { TextArea } from '../../ui/field.tsx';
import { Badge } from '../../ui/status.tsx';
import type { ToolCall } from './conversation.ts';

/** The calls of an answer and their results. `onResults` undefined: no result is wanted now. */
export function ToolCalls(props: {
  calls: readonly ToolCall[];
  onResults: ((results: ReadonlyMap<string, string>) => void) | undefined;
}) {
  const { calls, onResults } = props;
  const [typed, setTyped] = useState<ReadonlyMap<string, string>>(new Map());
  const isOpen = onResults !== undefined && calls.some(({ result }) => result === undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onResults?.(typed);
  };
  return (
    <form onSubmit={submit} className="grid gap-3">
      {calls.map((call) => (
        <div
          key={call.id}
          className="grid min-w-0 grid-cols-1 gap-2 rounded-lg border border-line bg-surface p-3 text-sm"
        >
          <p className="flex flex-wrap items-center gap-2">
            <Badge>tool</Badge>
            <code className="font-mono font-semibold break-all">{call.name}</code>
          </p>
          <pre
            tabIndex={0}
            role="group"
            aria-label={`Input of ${call.name}`}
            className="overflow-x-auto font-mono text-[0.8125rem] whitespace-pre-wrap"
          >
            {readable(call.input)}
          </pre>
          {call.result !== undefined ? (
            <p className="border-t border-line pt-2 whitespace-pre-wrap break-words">
              <span className="text-soft">Result: </span>
              {call.result}
            </p>
          ) : (
            isOpen && (
              <TextArea
                label={`Result of ${call.name}`}
                rows={2}
                value={typed.get(call.id) ?? ''}
                onChange={(event) => setTyped(new Map(typed).set(call.id, event.target.value))}
              />
            )
          )}
        </div>
      ))}
      {isOpen && (
        <Button look="primary" type="submit" className="justify-self-start">
          Send the results
        </Button>
      )}
    </form>
  );
}

/** Indented where it is JSON, else as the model wrote it. */
function readable(input: string): string {
  try {
    return JSON.stringify(JSON.parse(input), null, 2);
  } catch {
    return input;
  }
}
