import { useEffect, useState } from 'react';
import { QUIET_SQUARES, qrPath } from './qr-path.ts';

/**
 * A text as a QR code: black on white in every theme, since readers need that. `label` says what it is for to those who
 * hear the page. What draws it is loaded when it is needed; should that fail, nothing is shown, so the same text must
 * stand beside it.
 */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [drawing, setDrawing] = useState<{ side: number; path: string }>();
  useEffect(() => {
    let isWanted = true;
    const draw = async () => {
      const { correction, generate } = await import('lean-qr');
      const squares = generate(text, { minCorrectionLevel: correction.M });
      if (isWanted) setDrawing({ side: squares.size + 2 * QUIET_SQUARES, path: qrPath(squares) });
    };
    void draw().catch(() => undefined);
    return () => {
      isWanted = false;
    };
  }, [text]);
  if (drawing === undefined) return null;
  const { side, path } = drawing;
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${side} ${side}`}
      shapeRendering="crispEdges"
      className="w-56 max-w-full justify-self-center rounded-lg [forced-color-adjust:none]"
    >
      <path d={`M0 0h${side}v${side}h-${side}z`} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
