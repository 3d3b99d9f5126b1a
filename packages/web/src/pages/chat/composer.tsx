import {
  useRef,
  useState,
  type ChangeEvent,
  type FormEvent,
  type KeyboardEvent,
  type MouseEvent,
} from 'react';
import { Button, IconButton } from '../../ui/button.tsx';
import { TextArea } from '../../ui/field.tsx';
import { Icon } from '../../ui/icon.tsx';
import { focusText, useEscape } from '../../studio/keys.ts';
import { PICTURE_KINDS, readPictures } from './pictures.ts';

export type Draft = { text: string; pictures: string[] };

/** Where the next message is written. Enter sends, Shift+Enter makes a new line. */
export function Composer(props: {
  draft: Draft;
  onDraft: (change: (now: Draft) => Draft) => void;
  seesPictures: boolean;
  isRunning: boolean;
  onSend: () => void;
  onStop: () => void;
}) {
  const { draft, onDraft, seesPictures, isRunning, onSend, onStop } = props;
  const files = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState('');
  const { text, pictures } = draft;
  const isReady = !isRunning && (text.trim() !== '' || pictures.length > 0);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) onSend();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While a letter is being composed, Enter chooses it.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (isReady) onSend();
  };
  useEscape(isRunning, onStop);
  const attach = async (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = [...(event.target.files ?? [])];
    event.target.value = '';
    const read = await readPictures(chosen, pictures.length);
    setProblem(read.problem);
    // What was typed in the meantime stays.
    onDraft((now) => ({ ...now, pictures: [...now.pictures, ...read.pictures] }));
  };
  // The same button sends and stops, so that the focus stays; the second press of a double click stops nothing.
  const press = (event: MouseEvent) => {
    if (!isRunning) return;
    // Stopping makes it the sending button again before the browser has done what a press of it does.
    event.preventDefault();
    if (event.detail < 2) onStop();
  };
  return (
    <form ref={focusText} onSubmit={submit} className="grid gap-2">
      {pictures.length > 0 && (
        <ul aria-label="Attached pictures" className="flex flex-wrap gap-2">
          {pictures.map((url, index) => (
            <li key={index} className="relative">
              <img src={url} alt={`Attached, ${index + 1}`} className="h-20 rounded-md border border-line" />
              <IconButton
                label={`Remove picture ${index + 1}`}
                className="absolute top-0.5 right-0.5 size-7 bg-surface"
                onClick={() =>
                  onDraft((now) => ({ ...now, pictures: pictures.filter((_, at) => at !== index) }))
                }
              >
                <Icon name="close" size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      <TextArea
        label="Message"
        hint="Enter sends, Shift+Enter begins a line, Escape stops an answer."
        error={problem === '' ? undefined : problem}
        rows={3}
        value={text}
        onChange={(event) => onDraft((now) => ({ ...now, text: event.target.value }))}
        onKeyDown={onKeyDown}
      />
      <div className="flex flex-wrap justify-end gap-2">
        {seesPictures && (
          <>
            <input
              ref={files}
              type="file"
              aria-label="Pictures"
              accept={PICTURE_KINDS}
              multiple
              hidden
              onChange={(event) => void attach(event)}
            />
            <Button onClick={() => files.current?.click()}>
              <Icon name="image" size={16} />
              Add pictures
            </Button>
          </>
        )}
        <Button
          look={isRunning ? 'danger' : 'primary'}
          type={isRunning ? 'button' : 'submit'}
          disabled={!isRunning && !isReady}
          onClick={press}
          className="min-w-24"
        >
          {isRunning ? 'Stop' : 'Send'}
        </Button>
      </div>
    </form>
  );
}
