import { useState, type FormEvent } from 'react';
import { Button } from '../../ui/button.tsx';
import { classes } from '../../ui/classes.ts';
import { TextArea } from '../../ui/field.tsx';
import type { UserTurn } from './conversation.ts';

/** What the person asked. Editing asks anew from there. */
export function UserView(props: { turn: UserTurn; isRunning: boolean; onEdit: (text: string) => void }) {
  const { turn, isRunning, onEdit } = props;
  const [draft, setDraft] = useState<string>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (draft === undefined || (draft.trim() === '' && turn.pictures.length === 0)) return;
    // Once it is sent another message takes this one's place. If it is not, what was written stays.
    onEdit(draft);
  };
  return (
    <article
      aria-label="Your message"
      className={classes(
        'grid max-w-[85%] grid-cols-1 gap-2 justify-self-end rounded-xl bg-accent-soft px-4 py-3',
        draft !== undefined && 'w-full',
      )}
    >
      {turn.pictures.length > 0 && (
        <ul className="flex flex-wrap gap-2">
          {turn.pictures.map((url, index) => (
            <li key={index}>
              <img src={url} alt={`Attached, ${index + 1}`} className="max-h-40 rounded-md" />
            </li>
          ))}
        </ul>
      )}
      {draft === undefined ? (
        <>
          <p className="text-[0.9375rem] break-words whitespace-pre-wrap">{turn.text}</p>
          <Button
            look="quiet"
            disabled={isRunning}
            onClick={() => setDraft(turn.text)}
            className="-mb-1 -ml-3.5 justify-self-start"
          >
            Edit
          </Button>
        </>
      ) : (
        <form onSubmit={submit} className="grid gap-2">
          <TextArea
            label="Your message"
            rows={3}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
          />
          <p className="text-[0.8125rem] text-soft">What came after it is dropped.</p>
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => setDraft(undefined)}>Cancel</Button>
            <Button look="primary" type="submit">
              Send
            </Button>
          </div>
        </form>
      )}
    </article>
  );
}
