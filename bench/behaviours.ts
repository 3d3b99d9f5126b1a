/**
 * What the mock upstream does in each scenario, in the words of its path (see `mock-upstream.ts`). The gateway has
 * one model per behaviour, whose upstream is that path.
 */
export const behaviours = {
  plain: 'plain',
  paced: 'events=1000000,rate=10',
  fast: 'events=1000000,rate=100',
  burst: 'events=8',
  fault: 'status=503',
} as const;

export type BehaviourName = keyof typeof behaviours;

/** Something that requests can be sent to. `processId`: of the program under test; undefined for the mock itself. */
export type Target = {
  name: string;
  port: number;
  processId: number | undefined;
  /** Ready-made requests, to be used in turn. */
  requests(behaviour: BehaviourName, isStream: boolean): Buffer[];
};

export function upstreamPath(behaviour: BehaviourName): string {
  return `/${behaviours[behaviour]}/v1`;
}

/** The dialects that clients can speak to the gateway. The mock speaks `chat` only: the others are translated. */
export const dialects = ['chat', 'messages', 'responses'] as const;

export type DialectName = (typeof dialects)[number];

export const dialectPaths: Readonly<Record<DialectName, string>> = {
  chat: '/v1/chat/completions',
  messages: '/v1/messages',
  responses: '/v1/responses',
};

const SYSTEM = 'You are a careful assistant. '.repeat(10);
const QUESTION = 'Explain how a railway switchyard sorts wagons. '.repeat(10);

/** The same request in each dialect. */
export function requestBody(dialect: DialectName, model: string, isStream: boolean): string {
  const stream = isStream ? { stream: true } : {};
  switch (dialect) {
    case 'chat':
      return chatBody(model, isStream);
    case 'messages':
      return JSON.stringify({
        model,
        system: SYSTEM,
        messages: [{ role: 'user', content: QUESTION }],
        max_tokens: 512,
        temperature: 0.7,
        ...stream,
      });
    case 'responses':
      return JSON.stringify({
        model,
        instructions: SYSTEM,
        input: [{ role: 'user', content: [{ type: 'input_text', text: QUESTION }] }],
        max_output_tokens: 512,
        temperature: 0.7,
        store: false,
        ...stream,
      });
  }
}

/** About 1 KB of chat. */
export function chatBody(model: string, isStream: boolean): string {
  return JSON.stringify({
    model,
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: QUESTION },
    ],
    max_tokens: 512,
    temperature: 0.7,
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}
