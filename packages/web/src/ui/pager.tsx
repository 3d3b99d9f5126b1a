import { Button } from './button.tsx';

/** From page to page of a list, newest first. `cursor`: of this page, empty for the newest. `next`: null at the end. */
export function Pager({
  cursor,
  next,
  onCursor,
}: {
  cursor: string;
  next: string | null;
  onCursor: (cursor: string) => void;
}) {
  return (
    <div className="flex gap-2">
      {cursor !== '' && <Button onClick={() => onCursor('')}>Newest</Button>}
      {next !== null && <Button onClick={() => onCursor(next)}>Older</Button>}
    </div>
  );
}
