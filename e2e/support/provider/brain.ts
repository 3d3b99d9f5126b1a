/**
 * What the scripted provider thinks, without any dialect: a question becomes a reply by the words of its prompt. So a
 * test says in its prompt what shall happen, and every client can be asked the same.
 */

/** What was asked, read from the body of any dialect. */
export type Asked = {
  model: string;
  /** Text of the last message of the user. */
  prompt: string;
  /** Results of tools that came after it, in order. */
  results: string[];
  /** Names of the tools that are offered. */
  tools: string[];
  /** The tool that must be called, when the request leaves no choice. */
  forcedTool: string | undefined;
  mayCallTwice: boolean;
  /** Pictures of the last message of the user, or of the tools' results after it. */
  pictures: { mime: string; bytes: number }[];
  /** Texts that end the answer. */
  stops: readonly string[];
  /** The answer must follow a JSON schema. */
  hasSchema: boolean;
  /** Whether reasoning is told: OpenAI's responses tell a summary of it to who asks for one. */
  tellsReasoning: boolean;
};

export type Reply = {
  /** Set: no answer but this HTTP status, with the dialect's words for the problem. */
  problem?: 'context-length' | 'overloaded' | 'broken';
  reasoning?: string;
  text?: string;
  refusal?: string;
  calls?: readonly { name: string; input: object }[];
  /**
   * `endless`: the text comes again and again until the reader leaves. `broken`: the connection is cut after the text,
   * without any of the dialect's ends.
   */
  ending?: 'normal' | 'length' | 'filtered' | 'endless' | 'broken';
  /** A stream stops after its first word until somebody says that it was seen. */
  waitsToBeSeen?: true;
};

export type Brain = (asked: Asked) => Reply;

/** What the provider reports for each answer. `input` counts what came from a cache, `output` the reasoning. */
export const PROVIDER_USAGE = { input: 100, cached: 20, output: 30, reasoning: 10 } as const;

/** What a question with a schema gets. */
export const CITY_REPORT = { city: 'Lisbon', celsius: 21 } as const;

const CITIES = ['Lisbon', 'Paris'];

/** By the words of the prompt; the first row that fits. Unknown prompts are said back. */
export const obliging: Brain = (asked) => {
  const { prompt, results, tools, pictures } = asked;
  if (results.length > 0) return { text: `The tool said: ${results.join(', ')}.` };
  if (asked.forcedTool !== undefined && asked.forcedTool !== 'get_weather') {
    return { calls: [{ name: asked.forcedTool, input: CITY_REPORT }] };
  }
  if (tools.includes('get_weather') && prompt.includes('weather')) {
    const named = CITIES.filter((city) => prompt.includes(city)).slice(0, asked.mayCallTwice ? 2 : 1);
    return { calls: named.map((city) => ({ name: 'get_weather', input: { city } })) };
  }
  if (asked.hasSchema) return { text: JSON.stringify(CITY_REPORT) };
  if (prompt.includes('count')) return stopped('one two three four', asked.stops);
  if (pictures.length > 0) {
    return { text: `I see ${pictures.map(({ mime, bytes }) => `${mime} of ${bytes} bytes`).join(' and ')}.` };
  }
  const reply = SCRIPT.find(({ words }) => prompt.includes(words))?.reply ?? { text: `You said: ${prompt}` };
  if (asked.tellsReasoning) return reply;
  const { reasoning: _, ...rest } = reply;
  return rest;
};

/** What is written before the first text that ends it. */
function stopped(text: string, stops: readonly string[]): Reply {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at !== -1);
  const [end] = ends.toSorted((a, b) => a - b);
  return { text: end === undefined ? text : text.slice(0, end) };
}

const SCRIPT: readonly { words: string; reply: Reply }[] = [
  { words: 'think', reply: { reasoning: 'First I think.', text: 'Then I answer.' } },
  { words: 'refuse', reply: { refusal: 'I will not do that.' } },
  { words: 'wait for me', reply: { text: 'First one word, then the rest.', waitsToBeSeen: true } },
  { words: 'too much', reply: { text: 'Once upon a time', ending: 'length' } },
  { words: 'filtered', reply: { text: 'Once', ending: 'filtered' } },
  { words: 'forever', reply: { text: 'and on ', ending: 'endless' } },
  { words: 'break off', reply: { text: 'This will not', ending: 'broken' } },
  { words: 'too long a prompt', reply: { problem: 'context-length' } },
  { words: 'full house', reply: { problem: 'overloaded' } },
  { words: 'out of order', reply: { problem: 'broken' } },
];
