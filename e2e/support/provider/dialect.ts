import type { Asked, Reply } from './brain.ts';

/** Ids are made from the number, since clients that keep conversations tell messages apart by them. */
export type NumberedReply = Reply & { number: number };

/** How a provider speaks one API. */
export type DialectOfProvider = {
  path: string;
  read(body: string): { asked: Asked; stream: boolean };
  whole(reply: NumberedReply): string;
  /** The events of a streamed reply: those before the text, those of the text, and those after it. */
  events(reply: NumberedReply): { open: string[]; text: string[]; close: string[] };
  problem(kind: NonNullable<Reply['problem']>): { status: number; body: string };
};

/** A text in the pieces in which a provider would stream it. */
export function words(text = ''): string[] {
  return text.match(/\S+\s*/g) ?? [];
}

/** A tool's input as text in two pieces, so that readers must join them. */
export function halves(input: object): [text: string, first: string, second: string] {
  const text = JSON.stringify(input);
  const middle = Math.ceil(text.length / 2);
  return [text, text.slice(0, middle), text.slice(middle)];
}

/** Some tool must be called, and there is one. */
export function onlyChoice(isRequired: boolean, tools: readonly string[]): string | undefined {
  return isRequired && tools.length === 1 ? tools[0] : undefined;
}
