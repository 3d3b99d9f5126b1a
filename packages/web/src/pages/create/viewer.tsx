import { useEffect, useEffectEvent, useState, type ReactNode } from 'react';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { Checkbox } from '../../ui/field.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Time } from '../../ui/time.tsx';
import { downloadPicture } from './download.ts';
import { PictureImage } from './picture-image.tsx';
import { STYLE_CHOICES } from './settings.ts';
import type { GalleryPicture } from './use-gallery.ts';

/** One picture large, with what it was made from. The arrow keys go to its neighbours. */
export function Viewer(props: {
  picture: GalleryPicture | undefined;
  onMove: (by: 1 | -1) => void;
  onReuse: (picture: GalleryPicture) => void;
  onDelete: (picture: GalleryPicture) => void;
  onClose: () => void;
}) {
  const { picture, onMove, onReuse, onDelete, onClose } = props;
  const [withSettings, setWithSettings] = useState(false);
  const [asks, setAsks] = useState(false);
  useArrowKeys(picture !== undefined && !asks, onMove);
  if (picture === undefined) return null;
  return (
    <>
      <Dialog title="Picture" open={!asks} onClose={onClose} width="wide">
        <div className="grid gap-6 md:grid-cols-[minmax(0,1.6fr)_minmax(16rem,1fr)]">
          <div className="grid content-start justify-items-center gap-3">
            <PictureImage
              picture={picture}
              alt={picture.settings.prompt}
              className="max-h-[70dvh] w-auto rounded-lg"
            />
            <div className="flex gap-2">
              <Button onClick={() => onMove(-1)}>Previous</Button>
              <Button onClick={() => onMove(1)}>Next</Button>
            </div>
          </div>
          <div className="grid content-start gap-4">
            <Details picture={picture} />
            <Checkbox
              label="Write the settings into the file"
              hint="The prompt is then in every copy of it."
              checked={withSettings}
              onChecked={setWithSettings}
            />
            <DialogActions>
              <Button look="danger" onClick={() => setAsks(true)}>
                Delete
              </Button>
              <Button onClick={() => onReuse(picture)}>Reuse settings</Button>
              <Button look="primary" onClick={() => void downloadPicture(picture, withSettings)}>
                Download
              </Button>
            </DialogActions>
          </div>
        </div>
      </Dialog>
      <ConfirmDialog
        title="Delete this picture?"
        action="Delete it"
        open={asks}
        busy={false}
        error={null}
        onConfirm={() => {
          setAsks(false);
          onDelete(picture);
        }}
        onClose={() => setAsks(false)}
      >
        <p>It is only in this browser. Nobody can bring it back.</p>
      </ConfirmDialog>
    </>
  );
}

/** Left and right, wherever the focus is in the dialog; the buttons do the same. */
function useArrowKeys(isOn: boolean, onMove: (by: 1 | -1) => void): void {
  const move = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'ArrowRight') onMove(1);
    if (event.key === 'ArrowLeft') onMove(-1);
  });
  useEffect(() => {
    if (!isOn) return;
    document.addEventListener('keydown', move);
    return () => document.removeEventListener('keydown', move);
  }, [isOn]);
}

function Details({ picture }: { picture: GalleryPicture }) {
  const { settings } = picture;
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm">
      <Detail name="Prompt">{settings.prompt}</Detail>
      {settings.negativePrompt.trim() !== '' && <Detail name="Left out">{settings.negativePrompt}</Detail>}
      <Detail name="Model">{picture.model}</Detail>
      <Detail name="Style">
        {STYLE_CHOICES.find(({ value }) => value === settings.style)?.label ?? settings.style}
      </Detail>
      <Detail name="Size">{`${picture.width} × ${picture.height}`}</Detail>
      <Detail name="Steps">{String(settings.steps)}</Detail>
      <Detail name="Guidance">{String(settings.guidance)}</Detail>
      <Detail name="Seed">{picture.seed}</Detail>
      <Detail name="Cost">{`${picture.credits} credits`}</Detail>
      <Detail name="Request">
        <code className="font-mono text-xs break-all">{picture.requestId}</code>
      </Detail>
      <Detail name="Made">
        <Time at={picture.createdAt} />
      </Detail>
    </dl>
  );
}

function Detail({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-soft">{name}</dt>
      <dd className="break-words whitespace-pre-wrap">{children}</dd>
    </div>
  );
}
