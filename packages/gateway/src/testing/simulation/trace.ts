/** What happened in a world, as one number: two runs of a seed must agree in every line. */
export type Trace = {
  note(line: string): void;
  /** 16 hex digits over all lines so far. */
  hash(): string;
};

/** FNV-1a over the lines, twice with different starts. `print` sees each line, for reading a seed's story. */
export function createTrace(nowMs: () => number, print?: (line: string) => void): Trace {
  let low = 0x811c9dc5;
  let high = 0x1000193;

  function mix(code: number): void {
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ (code + 0x9e37), 0x01000193);
  }

  return {
    note(line) {
      mix(nowMs());
      for (let at = 0; at < line.length; at += 1) mix(line.charCodeAt(at));
      print?.(`${String(nowMs()).padStart(8)} ms  ${line}`);
    },
    hash: () => [low, high].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join(''),
  };
}
