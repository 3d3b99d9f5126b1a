import { useId, useRef, useState } from 'react';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

const SHOWN_MS = 2_000;

/** Copies a text. Without a clipboard, as on plain http, all of it is selected instead. */
function useCopy(text: string, selectAll: () => void) {
  const [outcome, setOutcome] = useState<'copied' | 'selected' | undefined>();
  const show = (next: 'copied' | 'selected') => {
    setOutcome(next);
    setTimeout(() => setOutcome(undefined), SHOWN_MS);
  };
  const select = () => {
    selectAll();
    show('selected');
  };
  const copy = () => {
    if (!window.isSecureContext) select();
    else navigator.clipboard.writeText(text).then(() => show('copied'), select);
  };
  const word = outcome === 'copied' ? 'Copied' : outcome === 'selected' ? 'Selected, copy it now' : 'Copy';
  return { copy, word };
}

function CopyFace({ word }: { word: string }) {
  return (
    <>
      <Icon name={word === 'Copied' ? 'check' : 'copy'} size={16} />
      <span aria-live="polite">{word}</span>
    </>
  );
}

/** A secret in a labelled field that cannot be changed, with a button to copy it. */
export function SecretField({ label, value }: { label: string; value: string }) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const { copy, word } = useCopy(value, () => input.current?.select());
  return (
    <div className="grid gap-1.5">
      <span className="text-sm font-semibold" id={id}>
        {label}
      </span>
      <div className="flex flex-wrap gap-2">
        <input
          ref={input}
          readOnly
          value={value}
          aria-labelledby={id}
          onFocus={(event) => event.target.select()}
          className="min-h-9 min-w-0 flex-1 basis-56 rounded-md border border-edge bg-sunken px-3 font-mono text-[0.8125rem]"
        />
        <Button onClick={copy}>
          <CopyFace word={word} />
        </Button>
      </div>
    </div>
  );
}

/** A short text such as an id, as it is, with a button that copies it. `label` says what it is. */
export function CopyLine({ label, text }: { label: string; text: string }) {
  const line = useRef<HTMLElement>(null);
  const { copy, word } = useCopy(text, () => {
    if (line.current !== null) window.getSelection()?.selectAllChildren(line.current);
  });
  return (
    <span className="inline-flex max-w-full flex-wrap items-center gap-x-2">
      <code ref={line} className="min-w-0 font-mono text-[0.8125rem] break-all">
        {text}
      </code>
      <Button look="quiet" onClick={copy} aria-label={`${word} ${label}`}>
        <CopyFace word={word} />
      </Button>
    </span>
  );
}

/** A button that copies a text that stands in `block`; without a clipboard it selects the block. */
export function CopyButton({ text, block }: { text: string; block: () => Element | null }) {
  const { copy, word } = useCopy(text, () => {
    const shown = block();
    if (shown !== null) window.getSelection()?.selectAllChildren(shown);
  });
  return (
    <Button look="quiet" className="-mx-3.5" onClick={copy}>
      <CopyFace word={word} />
    </Button>
  );
}

/** Lines to paste, with a button that copies them. `label` says what they are. */
export function Code({ label, text }: { label: string; text: string }) {
  const block = useRef<HTMLElement>(null);
  const { copy, word } = useCopy(text, () => {
    if (block.current !== null) window.getSelection()?.selectAllChildren(block.current);
  });
  return (
    <figure className="overflow-hidden rounded-lg border border-line bg-sunken">
      <figcaption className="flex items-center justify-between gap-3 border-b border-line py-1 pr-1 pl-4 text-[0.8125rem] text-soft">
        {label}
        <Button look="quiet" onClick={copy}>
          <CopyFace word={word} />
        </Button>
      </figcaption>
      <pre
        tabIndex={0}
        role="group"
        aria-label={label}
        className="overflow-x-auto p-4 text-[0.8125rem] leading-relaxed"
      >
        <code ref={block} className="font-mono">
          {text}
        </code>
      </pre>
    </figure>
  );
}
