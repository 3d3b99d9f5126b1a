import { Dialog as Radix } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { classes } from './classes.ts';
import { Icon } from './icon.tsx';
import { useInterlude, useLoneInterlude } from './interlude.ts';

/** Names of people and their addresses may be longer than a phone is wide: they break, so that no button is pushed out. */
const PANEL =
  'fixed left-1/2 top-1/2 z-50 grid grid-cols-1 wrap-anywhere max-h-[min(46rem,calc(100dvh-2rem))] ' +
  '-translate-x-1/2 -translate-y-1/2 gap-5 overflow-y-auto rounded-xl border border-line bg-surface p-6 shadow-lift ' +
  'focus:outline-none';
const WIDTHS = { normal: 'w-[min(34rem,calc(100vw-2rem))]', wide: 'w-[min(64rem,calc(100vw-2rem))]' };

export type DialogProps = {
  title: string;
  /** One sentence below the title. */
  description?: ReactNode;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  /** For secrets: a click outside does nothing, and Escape asks once before it closes. */
  guarded?: boolean;
  width?: keyof typeof WIDTHS;
  /** It is itself what comes between, so nothing comes between in it. */
  alone?: boolean;
};

/** A dialog. Focus stays inside and goes back where it came from. */
export function Dialog(props: DialogProps) {
  const { open, onClose, children, guarded = false, width = 'normal', alone = false } = props;
  const interlude = useInterlude(open && !alone);
  const { title, description } = interlude ?? props;
  const [asks, setAsks] = useState(false);
  const close = () => {
    setAsks(false);
    onClose();
  };
  const requestClose = () => {
    if (interlude !== undefined) interlude.onCancel();
    else if (guarded && !asks) setAsks(true);
    else close();
  };
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && requestClose()}>
      <Radix.Portal>
        {/* Not Radix's own overlay: that one writes a style element, which the content policy forbids. */}
        <div data-dialog-shade className="fixed inset-0 z-40 bg-shade" />
        <Radix.Content
          className={classes(PANEL, WIDTHS[width])}
          onOpenAutoFocus={begin}
          onCloseAutoFocus={giveFocusBack}
          onInteractOutside={(event) => guarded && event.preventDefault()}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <div className="flex items-start justify-between gap-4">
            <div className="grid gap-1">
              <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description className="text-sm text-soft">{description}</Radix.Description>
              )}
            </div>
            {(!guarded || interlude !== undefined) && <CloseCross />}
          </div>
          {interlude?.content}
          {/* What was begun keeps what was typed. */}
          <div hidden={interlude !== undefined} className="contents">
            {children}
          </div>
          {asks && (
            <div role="alert" className="grid gap-3 rounded-lg bg-warn-soft p-4 text-sm">
              <p>This cannot be shown again. Close without having saved it?</p>
              <div className="flex flex-wrap gap-2">
                <Button onClick={() => setAsks(false)}>Keep it open</Button>
                <Button look="danger" onClick={close}>
                  Close
                </Button>
              </div>
            </div>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Shows what comes between where no dialog is open. Stands once in the frame of the pages. */
export function LoneInterlude() {
  const interlude = useLoneInterlude();
  if (interlude === undefined) return null;
  return (
    <Dialog
      title={interlude.title}
      description={interlude.description}
      open
      alone
      onClose={interlude.onCancel}
    >
      {interlude.content}
    </Dialog>
  );
}

/** What was focused before the first of the dialogs that are open, or the button of the menu that led to it. */
let opener: HTMLElement | undefined;

function begin(event: Event): void {
  noteOpener();
  // With a keyboard at hand a form begins at its first field, not at the cross that closes it.
  const field =
    event.target instanceof Element && window.matchMedia('(pointer: fine)').matches
      ? event.target.querySelector('input:not(:disabled), select:not(:disabled), textarea:not(:disabled)')
      : null;
  if (!(field instanceof HTMLElement)) return;
  event.preventDefault();
  field.focus();
}

function noteOpener(): void {
  const active = document.activeElement;
  const menu = active?.closest('[role=menu]');
  const button = menu === null || menu === undefined ? active : buttonOf(menu);
  const isOnPage = button !== document.body && button?.closest('[role=dialog]') === null;
  if (button instanceof HTMLElement && isOnPage) opener = button;
}

function buttonOf(menu: Element): Element | null {
  return document.getElementById(menu.getAttribute('aria-labelledby') ?? '');
}

/** A dialog that another one replaced or lies on leaves the focus there. */
function giveFocusBack(event: Event): void {
  event.preventDefault();
  if (document.querySelector('[role=dialog]') === null) opener?.focus();
}

function CloseCross() {
  return (
    <Radix.Close
      aria-label="Close"
      className="-mr-2 -mt-1 inline-flex size-9 shrink-0 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink"
    >
      <Icon name="close" />
    </Radix.Close>
  );
}

/** Buttons at the end of a dialog; the last one is the one that acts. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap justify-end gap-2 pt-1">{children}</div>;
}

/** The end of a form in a dialog: leave it, or do what the verb on the button says. */
export function FormActions(props: {
  action: string;
  onClose: () => void;
  busy?: boolean;
  look?: 'primary' | 'danger';
  /** The button waits for something, such as a typed name. */
  disabled?: boolean;
}) {
  const { action, onClose, busy = false, look = 'primary', disabled = false } = props;
  return (
    <DialogActions>
      <Button onClick={onClose}>Cancel</Button>
      <Button look={look} type="submit" busy={busy} disabled={disabled}>
        {action}
      </Button>
    </DialogActions>
  );
}
