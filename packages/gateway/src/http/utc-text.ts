/** `14:05`, UTC. */
export function clockText(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 16);
}

/** `2026-11-21`, UTC. */
export function dayText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
