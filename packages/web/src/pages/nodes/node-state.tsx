import type { NodeState } from '@switchyard/protocol/console/nodes.ts';
import type { Tone } from '../../ui/notice.tsx';
import { Status } from '../../ui/status.tsx';

const STATES: Readonly<Record<NodeState, { tone: Tone; word: string; meaning: string }>> = {
  ready: { tone: 'good', word: 'ready', meaning: 'It is connected and takes jobs.' },
  paused: { tone: 'warn', word: 'paused', meaning: 'Its owner paused it on the machine. It takes no jobs.' },
  draining: { tone: 'warn', word: 'draining', meaning: 'It ends what runs and takes nothing new.' },
  'engine-down': {
    tone: 'bad',
    word: 'engine down',
    meaning: 'The connector runs, but the engine beside it does not answer. Start the engine.',
  },
  reconnecting: {
    tone: 'warn',
    word: 'reconnecting',
    meaning: 'The connection broke a moment ago. The connector tries again by itself.',
  },
  offline: {
    tone: 'plain',
    word: 'offline',
    meaning: 'No connector is connected with its token. Start it on the machine.',
  },
  suspended: { tone: 'bad', word: 'suspended', meaning: 'It may not connect.' },
  removed: { tone: 'plain', word: 'removed', meaning: 'Its token is refused for ever.' },
  unknown: { tone: 'plain', word: 'unknown', meaning: 'Nobody knows whether it is connected.' },
};

export function NodeStatus({ state }: { state: NodeState }) {
  const { tone, word } = STATES[state];
  return <Status tone={tone}>{word}</Status>;
}

/** What a state means and what to do. */
export function nodeStateMeaning(state: NodeState): string {
  return STATES[state].meaning;
}
