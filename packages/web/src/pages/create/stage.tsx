import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useSpoken } from '../../studio/use-spoken.ts';
import { Button, ButtonLink, Spinner } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { failureAdvice } from './failure-text.ts';
import type { Progress } from './picture-run.ts';
import { PictureImage } from './picture-image.tsx';
import { sizeOf } from './settings.ts';
import type { GalleryPicture } from './use-gallery.ts';
import type { Run } from './use-run.ts';

/** Beside the form: how far the picture is, what went wrong, or the newest one. */
export function Stage({
  run,
  newest,
  onRetry,
  onOpen,
}: {
  run: Run;
  newest: GalleryPicture | undefined;
  onRetry: () => void;
  onOpen: (id: string) => void;
}) {
  const spoken = useSpoken(spokenText(run, newest));
  const stage = useRef<HTMLDivElement>(null);
  const isRunning = run.kind === 'running';
  // On a phone it stands below the form.
  useEffect(() => {
    if (isRunning) stage.current?.scrollIntoView({ block: 'nearest' });
  }, [isRunning]);
  return (
    <div ref={stage} className="grid min-w-0 scroll-my-4 content-start gap-4">
      {run.kind === 'failed' && <Failure error={run.error} onRetry={onRetry} />}
      {run.kind === 'stopped' && <Notice tone="plain">Stopped. Nothing was charged.</Notice>}
      {run.kind === 'running' ? (
        <Frame {...sizeOf(run.settings.aspect)}>
          <RunningView progress={run.progress} startedAtMs={run.startedAtMs} />
        </Frame>
      ) : newest === undefined ? (
        <Frame width={1} height={1}>
          <p className="max-w-xs text-center text-sm text-soft">
            Your pictures appear here. They stay only in this browser: nobody else keeps them.
          </p>
        </Frame>
      ) : (
        <button type="button" className="justify-self-center" onClick={() => onOpen(newest.id)}>
          <PictureImage
            picture={newest}
            alt={`Newest picture: ${newest.settings.prompt}`}
            className="max-h-[70dvh] rounded-xl"
          />
        </button>
      )}
      <p className="sr-only" aria-live="polite">
        {spoken}
      </p>
    </div>
  );
}

function Frame({ width, height, children }: { width: number; height: number; children: ReactNode }) {
  return (
    <div
      className="grid max-h-[70dvh] w-full max-w-full place-items-center justify-self-center rounded-xl border border-line bg-sunken p-6"
      style={{ aspectRatio: `${width} / ${height}` }}
    >
      {children}
    </div>
  );
}

function RunningView({ progress, startedAtMs }: { progress: Progress; startedAtMs: number }) {
  const seconds = useElapsedSeconds(startedAtMs);
  const share = progress.kind === 'rendering' ? progress.step / progress.steps : 0;
  return (
    <div className="grid w-full max-w-xs gap-3 text-sm">
      <p className="flex items-center gap-2.5 font-semibold">
        <Spinner />
        {progressText(progress)}
      </p>
      {share > 0 && (
        <div
          role="progressbar"
          aria-label="Steps"
          aria-valuenow={Math.round(share * 100)}
          className="h-1.5 overflow-hidden rounded-full bg-line"
        >
          <div className="h-full bg-accent transition-[width]" style={{ width: `${share * 100}%` }} />
        </div>
      )}
      <p className="text-[0.8125rem] text-soft tabular-nums">{seconds} s</p>
    </div>
  );
}

function Failure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { text, retry, link, requestId } = failureAdvice(error);
  const actions = (
    <span className="flex flex-wrap gap-2">
      {link !== undefined && <ButtonLink href={link.href}>{link.label}</ButtonLink>}
      {retry && <Button onClick={onRetry}>Try again</Button>}
    </span>
  );
  return (
    <Notice tone="bad" action={actions}>
      {text}
      {requestId !== '' && <span className="block font-mono text-xs text-soft break-all">{requestId}</span>}
    </Notice>
  );
}

function progressText(progress: Progress): string {
  if (progress.kind === 'sent') return 'Asking for a node …';
  if (progress.kind === 'queued') return `In the queue, place ${progress.position}`;
  return progress.step === 0 ? 'A node gets ready …' : `Step ${progress.step} of ${progress.steps}`;
}

function spokenText(run: Run, newest: GalleryPicture | undefined): string {
  if (run.kind === 'running') return progressText(run.progress);
  if (run.kind === 'stopped') return 'Stopped';
  return run.kind === 'idle' && newest !== undefined ? `The picture is there: ${newest.settings.prompt}` : '';
}

function useElapsedSeconds(sinceMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.floor((nowMs - sinceMs) / 1_000));
}
