import { OWNERS_DRAIN, type ConsoleNode, type NodeState } from '@switchyard/protocol/console/nodes.ts';
import type { Tone } from '../../ui/notice.tsx';
import { Status } from '../../ui/status.tsx';

type Shown = { tone: Tone; word: string; meaning: string };

const DRAINED: Shown = {
  tone: 'warn',
  word: 'drained',
  meaning: 'Its owner drained it. It ends what runs and takes nothing new until it is resumed.',
};

const STATES: Readonly<Record<NodeState, Shown>> = {
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
  banned: {
    tone: 'bad',
    word: 'banned',
    meaning: 'The operator banned it. It gets no jobs and may not connect.',
  },
  removed: { tone: 'plain', word: 'removed', meaning: 'Its token is refused for ever.' },
  unknown: { tone: 'plain', word: 'unknown', meaning: 'Nobody knows whether it is connected.' },
};

/** Drained by its own owner, who may resume it. */
export function isDrained({ state, suspendedReason }: ConsoleNode): boolean {
  return state === 'draining' || suspendedReason === OWNERS_DRAIN;
}

function shownOf(state: NodeState, suspendedReason: string | null): Shown {
  return state === 'suspended' && suspendedReason === OWNERS_DRAIN ? DRAINED : STATES[state];
}

export function NodeStatus(props: { state: NodeState; suspendedReason?: string | null }) {
  const { tone, word } = shownOf(props.state, props.suspendedReason ?? null);
  return <Status tone={tone}>{word}</Status>;
}

/** What a state means and what to do. */
export function nodeStateMeaning(state: NodeState, suspendedReason: string | null = null): string {
  return shownOf(state, suspendedReason).meaning;
}
