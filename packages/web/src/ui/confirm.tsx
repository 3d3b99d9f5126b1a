import type { FormEvent, ReactNode } from 'react';
import { messageOf } from '../api/client.ts';
import { Dialog, FormActions } from './dialog.tsx';
import { Notice } from './notice.tsx';

export type ConfirmDialogProps = {
  /** Names the object: `Revoke the key “ci”`. */
  title: string;
  /** What will happen, and when. */
  children: ReactNode;
  /** The verb on the button. */
  action: string;
  open: boolean;
  busy: boolean;
  /** What the last try threw, or null. */
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
  /** The button waits for something, such as a typed name. */
  disabled?: boolean;
};

/** Asks before something that cannot be taken back. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, children, action, open, busy, error, onConfirm, onClose, disabled = false } = props;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!disabled && !busy) onConfirm();
  };
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <form onSubmit={submit} className="grid gap-5">
        <div className="grid gap-3 text-sm">{children}</div>
        {error !== null && error !== undefined && <Notice tone="bad">{messageOf(error)}</Notice>}
        <FormActions action={action} busy={busy} look="danger" disabled={disabled} onClose={onClose} />
      </form>
    </Dialog>
  );
}
