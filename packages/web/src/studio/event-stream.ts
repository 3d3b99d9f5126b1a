/** One server-sent event. `type` is `message` where the server named none. */
export type ServerEvent = { type: string; data: string };

/** No event of the API is longer than a picture in base64. A line that goes on is no event. */
const LINE_MAX_CHARS = 32 * 1024 * 1024;

/**
 * Takes text as it arrives, split anywhere, and returns the events that are whole. Source: HTML standard, "Parsing an
 * event stream", read 2026-11-21. Comments, `id` and `retry` are passed over; an event without its empty line is never
 * told, so what was cut is not taken for whole.
 */
export function createEventParser(): (text: string) => ServerEvent[] {
  let rest = '';
  let endedWithReturn = false;
  let type = '';
  let data: string[] = [];

  const readLine = (line: string): ServerEvent | undefined => {
    if (line === '') {
      const event = data.length === 0 ? undefined : { type: type || 'message', data: data.join('\n') };
      type = '';
      data = [];
      return event;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') type = value;
    if (field === 'data') data.push(value);
    return undefined;
  };

  return (text) => {
    // A line may end with both characters, and the second may come with the next piece.
    const fresh = endedWithReturn && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') endedWithReturn = text.endsWith('\r');
    const [first = '', ...others] = fresh.split(/\r\n|\r|\n/);
    const lines = [rest + first, ...others];
    rest = lines.pop() ?? '';
    if (rest.length > LINE_MAX_CHARS) throw new RangeError('a line of the event stream is too long');
    return lines.map(readLine).filter((event) => event !== undefined);
  };
}

/** Reads the events of a reply until it ends. Throws what the network throws, and `AbortError` after `signal`. */
export async function readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onEvents: (events: readonly ServerEvent[]) => void,
): Promise<void> {
  const parse = createEventParser();
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = parse(value);
    if (events.length > 0) onEvents(events);
  }
}
