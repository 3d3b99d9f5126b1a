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
  const turn = (to: string) => {
    onCursor(to);
    window.scrollTo(0, 0);
  };
  if (cursor === '' && next === null) return null;
  return (
    <div className="flex gap-2 print:hidden">
      {cursor !== '' && <Button onClick={() => turn('')}>Newest</Button>}
      {next !== null && <Button onClick={() => turn(next)}>Older</Button>}
    </div>
  );
}
