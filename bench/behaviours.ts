/**
 * What the mock upstream does in each scenario, in the words of its path (see `mock-upstream.ts`). The gateway has
 * one model per behaviour, whose upstream is that path.
 */
export const behaviours = {
  plain: 'plain',
  paced: 'events=1000000,rate=10',
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

/** About 1 KB of chat. */
export function chatBody(model: string, isStream: boolean): string {
  return JSON.stringify({
    model,
    messages: [
      { role: 'system', content: 'You are a careful assistant. '.repeat(10) },
      { role: 'user', content: 'Explain how a railway switchyard sorts wagons. '.repeat(10) },
    ],
    max_tokens: 512,
    temperature: 0.7,
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}
