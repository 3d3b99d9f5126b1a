/** How a test asks through a client, whatever the client's own words are. */
export type Ask = {
  model: string;
  prompt: string;
  /** A PNG to look at. */
  picture?: Buffer;
  /** Is called with each piece of text of a stream. */
  onText?: (text: string) => void;
  signal?: AbortSignal;
};

/** What the client showed for an answer. */
export type Said = {
  text: string;
  /** Empty when there was none, or when the client does not show any. */
  reasoning: string;
  refusal: string;
  /** The client's own word for the end. */
  finish: string;
  /** As the client counts them. */
  usage: { input: number; output: number };
};

/** What a developer sees of an error. Undefined where the client has no place for it. */
export type SeenError = {
  className: string;
  status: number | undefined;
  /** OpenAI's `code`, Anthropic's `type`. */
  code: string | undefined;
  requestId: string | undefined;
  message: string;
};

/** One client, pointed at the gateway. Every method goes through the client's own interface only. */
export type Client = {
  models?(): Promise<string[]>;
  ask(ask: Ask): Promise<Said>;
  stream(ask: Ask): Promise<Said>;
  /** Lets the client's own loop call `get_weather` until the model has an answer, and gives that. */
  useTool(ask: Ask, getWeather: (city: string) => string): Promise<string>;
  /** The same with streams. Left out where the client has one loop for both. */
  useToolStreaming?(ask: Ask, getWeather: (city: string) => string): Promise<string>;
  /** An answer that follows the schema of `CITY_REPORT`. */
  object(ask: Ask): Promise<unknown>;
};

export type Connection = {
  /** `http://127.0.0.1:PORT`, without `/v1`. */
  origin: string;
  key: string;
  /** Undefined: as the client does by itself. */
  retries: number | undefined;
};

/** A client and how it behaves, for the table of cases. */
export type ClientKind = {
  name: string;
  /** The surface that it must come in by. */
  surface: 'chat-completions' | 'messages' | 'responses';
  open(connection: Connection): Client;
  readError(error: unknown): SeenError;
  /** Its words for the ends of answers. Undefined: it takes an answer that was cut for an error. */
  finishes: { stop: string; length: string | undefined };
  /** Whether it counts cached input as input. */
  countsCachedInput: boolean;
  shows: { reasoning: boolean; refusal: boolean; requestId: boolean };
  /** Class and code of each refusal. */
  errors: Record<RefusalName, { className: string; code: string | undefined }>;
};

export type RefusalName = 'wrong-key' | 'no-money' | 'unknown-model' | 'too-fast' | 'no-node' | 'bad-prompt';

/** The status of each refusal. */
export const REFUSAL_STATUS: Readonly<Record<RefusalName, number>> = {
  'wrong-key': 401,
  'no-money': 402,
  'unknown-model': 404,
  'too-fast': 429,
  'no-node': 503,
  'bad-prompt': 400,
};

/** `get_weather`, as every client gets it. */
export const WEATHER_TOOL = {
  name: 'get_weather',
  description: 'Get the current weather for a city',
} as const;
