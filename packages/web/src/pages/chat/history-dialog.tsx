import { useState } from 'react';
import { Button, IconButton } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Time } from '../../ui/time.tsx';
import { titleOf } from './conversation.ts';
import type { Chat } from './use-chat.ts';

/** The conversations that this browser keeps. */
export function HistoryDialog({ chat, open, onClose }: { chat: Chat; open: boolean; onClose: () => void }) {
  const [asks, setAsks] = useState(false);
  const { kept } = chat;
  const close = () => {
    setAsks(false);
    onClose();
  };
  return (
    <Dialog
      title="Your chats"
      description="Only in this browser, on this device. We keep none."
      open={open}
      onClose={close}
    >
      {kept.length === 0 ? (
        <p className="text-sm text-soft">No chats yet.</p>
      ) : (
        <ul className="grid divide-y divide-line">
          {kept.map((one) => (
            <li key={one.id} className="flex items-center gap-2 py-1">
              <button
                type="button"
                aria-current={one.id === chat.conversation.id || undefined}
                className="grid min-h-11 min-w-0 flex-1 content-center rounded-md px-2 text-left text-sm hover:bg-sunken aria-[current=true]:font-semibold"
                onClick={() => {
                  chat.open(one);
                  close();
                }}
              >
                <span className="truncate">{titleOf(one)}</span>
                <span className="text-xs font-normal text-soft">
                  <Time at={one.changedAt} />
                </span>
              </button>
              <IconButton label={`Delete “${titleOf(one)}”`} onClick={() => chat.remove(one.id)}>
                <Icon name="close" size={16} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      {kept.length > 0 && !asks && (
        <DialogActions>
          <Button look="danger" onClick={() => setAsks(true)}>
            Clear
          </Button>
        </DialogActions>
      )}
      {asks && (
        <Notice
          tone="warn"
          action={
            <span className="flex flex-wrap gap-2">
              <Button onClick={() => setAsks(false)}>Keep them</Button>
              <Button
                look="danger"
                onClick={() => {
                  chat.clear();
                  close();
                }}
              >
                Delete all
              </Button>
            </span>
          }
        >
          Delete all {kept.length} chats? Nobody can bring them back.
        </Notice>
      )}
    </Dialog>
  );
}
