/** The mark: a track that leaves the straight one. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      strokeLinecap="round"
      strokeWidth={3.4}
      className="shrink-0"
    >
      <path className="stroke-edge" d="M4 23h24" />
      <path className="stroke-accent" d="M4 23c10 0 9-14 19-14h5" />
    </svg>
  );
}
