/** Where a person watches. */
export type Terminal = { write(text: string): void; columns(): number };

/** Lines that scroll by, and below them a block that is drawn anew in its place. */
export type Screen = {
  /** Writes a line above the block. */
  line(text: string): void;
  /** Draws the block anew. */
  draw(lines: readonly string[]): void;
  /** Leaves the block as it is: what comes next stands below it. */
  close(): void;
};

/** To the beginning of the line so many lines up, then everything below is cleared. Source: ECMA-48, CPL and ED. */
const erase = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}F\u001b[0J`);

export function createScreen(terminal: Terminal): Screen {
  let block: readonly string[] = [];
  let isClosed = false;

  const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

  return {
    line(text) {
      // A closed screen has no block below: what is written last stands last.
      terminal.write(isClosed ? `${text}\n` : `${erase(block.length)}${text}\n${textOf(block)}`);
    },
    draw(lines) {
      if (isClosed || lines.join('\n') === block.join('\n')) return;
      terminal.write(erase(block.length) + textOf(lines));
      block = lines;
    },
    close() {
      isClosed = true;
    },
  };
}
