import { eventText } from './event-writer.ts';

/** The number of the first event behind the opening. */
export const AFTER_OPENING = 2;

/** The first two events of a request's stream, which all of its tries share. */
export type Opening = {
  /** `response.created` and `response.in_progress`, or '' when the client has them already. */
  open(responseJson: () => string): string;
  /** Tells a client that waits for the first content that work goes on. */
  keepalive(responseJson: () => string): string;
  isOpen(): boolean;
};

/**
 * Made once for each request: a client that waited long has been told of the response before its first content, and
 * then the next try goes on with that response. Its repeated `response.in_progress` is the same event again, with the
 * same number, so that the events of any target fit behind it.
 * Comments would not do: Codex counts only events as signs of life. Nor would an event of another kind: openai 7.55.0
 * refuses a stream that does not begin with `response.created`.
 */
export function createOpening(): Opening {
  let isOpen = false;
  const inProgress = (json: string) => eventText('response.in_progress', 1, `"response":${json}`);
  const open = (responseJson: () => string) => {
    if (isOpen) return '';
    isOpen = true;
    const json = responseJson();
    return eventText('response.created', 0, `"response":${json}`) + inProgress(json);
  };
  return {
    open,
    keepalive: (responseJson) => (isOpen ? inProgress(responseJson()) : open(responseJson)),
    isOpen: () => isOpen,
  };
}
