import type { Capabilities } from '@switchyard/protocol/link/messages.ts';
import type { JobStream, LinkAgent, LinkState } from '../link/types.ts';

export const CAPABILITIES: Capabilities = {
  engine: { kind: 'demo', version: '1' },
  slots: { text: 1 },
  models: [
    {
      alias: 'small',
      localName: 'small',
      contextTokens: 100,
      maxOutputTokens: 10,
      slots: 1,
      tools: false,
      vision: false,
      thinking: false,
      jsonSchema: false,
      loaded: true,
      remoteBacked: false,
    },
  ],
};

/** An agent that notes what it is told. */
export type PlayedAgent = LinkAgent & {
  states: LinkState[];
  report: Capabilities;
  log: string[];
  streams: JobStream[];
};

/** Takes every job and does nothing with it. */
export function createPlayedAgent(): PlayedAgent {
  const agent: PlayedAgent = {
    states: [],
    report: CAPABILITIES,
    log: [],
    streams: [],
    capabilities: () => agent.report,
    state: (state) => agent.states.push(state),
    offer: () => ({
      accept: {
        start(_chat, stream) {
          agent.log.push('start');
          agent.streams.push(stream);
          return {
            cancel() {
              agent.log.push('cancel');
              return Promise.resolve();
            },
            pause: () => agent.log.push('pause'),
            resume: () => agent.log.push('resume'),
          };
        },
        abandon: () => agent.log.push('abandon'),
      },
    }),
  };
  return agent;
}
