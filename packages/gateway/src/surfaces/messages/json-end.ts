/** Follows a JSON text that comes in pieces, to see where its outermost object or array closes. */
export type JsonEnd = {
  push(text: string): void;
  /**
   * `empty`: nothing but white space so far. `closed`: the outermost object or array has closed, and what follows it can
   * only make the text wrong.
   */
  state(): 'empty' | 'open' | 'closed';
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** Looks at brackets outside strings only: whether the text is JSON at all is for its reader to find out. */
export function createJsonEnd(): JsonEnd {
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  let isClosed = false;
  let isEmpty = true;
  return {
    push(text) {
      isEmpty &&= text.trim() === '';
      for (let at = 0; at < text.length && !isClosed; at += 1) {
        const code = text.charCodeAt(at);
        if (inString) {
          if (isEscaped) isEscaped = false;
          else if (code === BACKSLASH) isEscaped = true;
          else if (code === QUOTE) inString = false;
        } else if (code === QUOTE) inString = true;
        else if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth += 1;
        else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
          depth -= 1;
          isClosed = depth <= 0;
        }
      }
    },
    state: () => (isClosed ? 'closed' : isEmpty ? 'empty' : 'open'),
  };
}
