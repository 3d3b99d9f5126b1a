export const SURFACE_IDS = ['chat', 'messages', 'responses'] as const;
export type SurfaceId = (typeof SURFACE_IDS)[number];

export type Effort = '' | 'low' | 'medium' | 'high';

export type ChatSettings = {
  model: string;
  surface: SurfaceId;
  system: string;
  /** Undefined: as the model does by itself. */
  temperature: number | undefined;
  topP: number | undefined;
  maxTokens: number | undefined;
  effort: Effort;
  /** Function tools as JSON, as the person wrote them. */
  toolsText: string;
  /** The tools of this page that are offered, too. */
  demoTools: boolean;
};

/** `proof`: what the surface that told it wants back, unchanged. `isHidden`: only the proof was told. */
export type Thinking = { text: string; proof: string; isHidden: boolean };

/** `input`: JSON, as the model wrote it. `result`: undefined until there is one. */
export type ToolCall = { id: string; name: string; input: string; result: string | undefined };

export type AnswerUsage = {
  /** All input, cached or not. */
  inputTokens: number;
  cachedTokens: number;
  /** All output, thinking included. */
  outputTokens: number;
  reasoningTokens: number;
  costMicros: number;
};

/** What a model answered, as far as it is there. Readers of streams change it in place. */
export type Answer = {
  text: string;
  thinking: Thinking[];
  calls: ToolCall[];
  end: 'running' | 'whole' | 'length' | 'refused' | 'stopped' | 'failed';
  failure: { code: string; message: string } | undefined;
  usage: AnswerUsage | undefined;
  requestId: string;
};

/** `pictures`: data URLs. */
export type UserTurn = { id: string; role: 'user'; text: string; pictures: string[] };
export type AnswerTurn = { id: string; role: 'assistant'; surface: SurfaceId; model: string; answer: Answer };
export type Turn = UserTurn | AnswerTurn;

export type Conversation = { id: string; changedAt: string; settings: ChatSettings; turns: Turn[] };

export function emptyAnswer(): Answer {
  return {
    text: '',
    thinking: [],
    calls: [],
    end: 'running',
    failure: undefined,
    usage: undefined,
    requestId: '',
  };
}

/** A copy that later changes of the draft do not reach. */
export function snapshot(answer: Answer): Answer {
  return {
    ...answer,
    thinking: answer.thinking.map((part) => ({ ...part })),
    calls: answer.calls.map((call) => ({ ...call })),
  };
}

/** The model waits for results, and all of them are there. */
export function canGoOn(turns: readonly Turn[]): boolean {
  const last = turns.at(-1);
  if (last?.role !== 'assistant' || last.answer.end !== 'whole') return false;
  const { calls } = last.answer;
  return calls.length > 0 && calls.every(({ result }) => result !== undefined);
}

const TITLE_MAX_CHARS = 60;

/** The beginning of what was asked first. */
export function titleOf({ turns }: Conversation): string {
  const first = turns.find((turn) => turn.role === 'user');
  const words = first?.text.trim().replaceAll(/\s+/g, ' ') ?? '';
  if (words === '') return first === undefined ? 'New chat' : 'A picture';
  return words.length > TITLE_MAX_CHARS ? `${words.slice(0, TITLE_MAX_CHARS)} …` : words;
}
