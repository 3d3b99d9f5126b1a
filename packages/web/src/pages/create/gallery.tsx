import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Section } from '../../ui/page.tsx';
import { Skeleton } from '../../ui/states.tsx';
import { moveInGrid } from './grid-keys.ts';
import { PictureImage } from './picture-image.tsx';
import type { Gallery as GalleryState } from './use-gallery.ts';

/** The pictures that this browser keeps. */
export function Gallery({ gallery, onOpen }: { gallery: GalleryState; onOpen: (id: string) => void }) {
  const [asks, setAsks] = useState(false);
  const { pictures, isBroken } = gallery;
  const count = pictures?.length ?? 0;
  return (
    <Section
      title="Your pictures"
      hint="Only in this browser, on this device. We keep none."
      action={
        count > 0 && (
          <Button look="danger" onClick={() => setAsks(true)}>
            Delete all
          </Button>
        )
      }
    >
      {isBroken && (
        <Notice tone="warn">
          This browser keeps nothing for this page. Download a picture before you leave the page.
        </Notice>
      )}
      {pictures === undefined ? (
        <Skeleton lines={3} />
      ) : count === 0 ? (
        <p className="text-sm text-soft">No pictures yet.</p>
      ) : (
        <>
          <Grid pictures={pictures} onOpen={onOpen} />
          <StorageMeter pictures={pictures} />
        </>
      )}
      <ConfirmDialog
        title={count === 1 ? 'Delete your picture?' : `Delete all ${count} pictures?`}
        action="Delete all"
        open={asks}
        busy={false}
        error={null}
        onConfirm={() => {
          setAsks(false);
          void gallery.clear();
        }}
        onClose={() => setAsks(false)}
      >
        <p>They are only in this browser. Nobody can bring them back.</p>
      </ConfirmDialog>
    </Section>
  );
}

/** One stop for the Tab key; arrows, Home and End move inside. */
function Grid({
  pictures,
  onOpen,
}: {
  pictures: NonNullable<GalleryState['pictures']>;
  onOpen: (id: string) => void;
}) {
  const list = useRef<HTMLUListElement>(null);
  const [current, setCurrent] = useState(0);
  const here = Math.min(current, pictures.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const columns = buttons.filter(({ offsetTop }) => offsetTop === buttons[0]?.offsetTop).length;
    const next = moveInGrid(event.key, { at: here, count: buttons.length, columns });
    if (next === undefined) return;
    event.preventDefault();
    setCurrent(next);
    buttons[next]?.focus();
  };
  return (
    <ul ref={list} aria-label="Pictures" className="grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-5">
      {pictures.map((picture, index) => (
        <li key={picture.id}>
          <button
            type="button"
            tabIndex={index === here ? 0 : -1}
            onFocus={() => setCurrent(index)}
            onKeyDown={onKeyDown}
            onClick={() => onOpen(picture.id)}
            className="block w-full overflow-hidden rounded-lg border border-line hover:border-edge"
          >
            <PictureImage
              picture={picture}
              alt={picture.settings.prompt}
              className="aspect-square h-auto w-full object-cover"
            />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** How much the pictures take, and how much the browser gives, where it says so (on https and localhost). */
function StorageMeter({ pictures }: { pictures: NonNullable<GalleryState['pictures']> }) {
  const [quotaBytes, setQuotaBytes] = useState<number>();
  useEffect(() => {
    if (!window.isSecureContext) return;
    void navigator.storage.estimate().then(
      ({ quota }) => setQuotaBytes(quota),
      () => undefined,
    );
  }, []);
  const bytes = pictures.reduce((sum, { png }) => sum + png.size, 0);
  const words = `${pictures.length} ${pictures.length === 1 ? 'picture' : 'pictures'}, ${megabytes(bytes)}`;
  return (
    <div className="grid max-w-md gap-1.5 text-[0.8125rem] text-soft">
      <p className="tabular-nums">
        {words}
        {quotaBytes !== undefined && ` of about ${megabytes(quotaBytes)} that this browser gives`}
      </p>
      {quotaBytes !== undefined && (
        <div
          role="meter"
          aria-label="Storage used"
          aria-valuenow={Math.round((bytes / quotaBytes) * 100)}
          aria-valuetext={words}
          className="h-1.5 overflow-hidden rounded-full bg-line"
        >
          <div
            className="h-full min-w-0.5 bg-accent"
            style={{ width: `${Math.min(100, (bytes / quotaBytes) * 100)}%` }}
          />
        </div>
      )}
    </div>
  );
}

function megabytes(bytes: number): string {
  const isLarge = bytes >= 1_000_000_000;
  const value = bytes / (isLarge ? 1_000_000_000 : 1_000_000);
  return `${value.toLocaleString('en-US', { maximumFractionDigits: 1 })} ${isLarge ? 'GB' : 'MB'}`;
}
