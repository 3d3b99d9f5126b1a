import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { KeyOwner } from '../../studio/browser-key.ts';
import { openRecords } from '../../studio/database.ts';
import { newId } from '../../studio/new-id.ts';
import {
  canGoOn,
  emptyAnswer,
  type AnswerTurn,
  type ChatSettings,
  type Conversation,
  type Turn,
} from './conversation.ts';
import { streamAnswer } from './run-answer.ts';
import type { Ask } from './surface.ts';
import { SURFACES } from './surfaces.ts';
import { DEMO_TOOL_SPECS, readTools, withDemoResults } from './tools.ts';

/** A model that only ever calls tools stops here. */
const ROUNDS_MAX = 8;

const DEFAULT_SETTINGS: Omit<ChatSettings, 'model'> = {
  surface: 'chat',
  system: '',
  temperature: undefined,
  topP: undefined,
  maxTokens: undefined,
  effort: '',
  toolsText: '',
  demoTools: false,
};

function newConversation(settings: ChatSettings): Conversation {
  return { id: newId(), changedAt: new Date().toISOString(), settings, turns: [] };
}

/** What would be asked after these turns. */
export function askOf({ settings }: Conversation, turns: readonly Turn[], model: ConsoleModel): Ask {
  const own = readTools(settings.toolsText).tools ?? [];
  const demo = settings.demoTools ? DEMO_TOOL_SPECS : [];
  const taken = new Set(own.map(({ name }) => name));
  return {
    ...settings,
    model: model.id,
    turns: turns.map(withoutHalfCalls),
    tools: model.capabilities.tools ? [...own, ...demo.filter(({ name }) => !taken.has(name))] : [],
    modelMaxTokens: model.maxOutputTokens,
    thinks: model.capabilities.thinking,
    effort: model.capabilities.thinking ? settings.effort : '',
  };
}

/** A call that broke off has no whole input; sent back, it would be refused. */
function withoutHalfCalls(turn: Turn): Turn {
  if (turn.role === 'user' || turn.answer.end === 'whole') return turn;
  return { ...turn, answer: { ...turn.answer, calls: [] } };
}

export type Chat = ReturnType<typeof useChat>;

/** The conversations of a person, kept in this browser only, and the one in view. */
export function useChat(owner: KeyOwner, models: readonly ConsoleModel[]) {
  const { personId } = owner;
  const records = useMemo(() => openRecords<Conversation>('chats', personId), [personId]);
  const [kept, setKept] = useState<readonly Conversation[]>([]);
  const [isBroken, setBroken] = useState(false);
  const [isRunning, setRunning] = useState(false);
  const [conversation, setConversation] = useState(() =>
    newConversation({
      ...DEFAULT_SETTINGS,
      model: (models.find(({ available }) => available) ?? models[0])?.id ?? '',
    }),
  );
  const current = useRef<AbortController>(undefined);
  /** Conversations that were deleted are not written again by an answer that ends later. */
  const deleted = useRef(new Set<string>());
  const model = models.find(({ id }) => id === conversation.settings.model) ?? models[0];

  useEffect(() => () => current.current?.abort(), []);
  useEffect(() => {
    void records.all().then(
      (all) => setKept(all.toSorted((a, b) => b.changedAt.localeCompare(a.changedAt))),
      () => setBroken(true),
    );
  }, [records]);

  const keep = (changed: Conversation) => {
    if (deleted.current.has(changed.id)) return;
    setKept((all) => [changed, ...all.filter(({ id }) => id !== changed.id)]);
    void records.put(changed).catch(() => setBroken(true));
  };

  const run = async (from: Conversation, maker: ConsoleModel) => {
    const controller = new AbortController();
    current.current?.abort();
    current.current = controller;
    // What the person sets while an answer comes is for the next one, and stays.
    const show = (next: Conversation) =>
      current.current === controller && setConversation(({ settings }) => ({ ...next, settings }));
    let now = from;
    keep(now);
    setRunning(true);
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const base = now;
      const { surface } = base.settings;
      const turn: AnswerTurn = {
        id: newId(),
        role: 'assistant',
        surface,
        model: maker.id,
        answer: emptyAnswer(),
      };
      const withAnswer = (answer: AnswerTurn['answer']): Conversation => ({
        ...base,
        changedAt: new Date().toISOString(),
        turns: [...base.turns, { ...turn, answer }],
      });
      show(withAnswer(turn.answer));
      const body = SURFACES[surface].body(askOf(base, base.turns, maker));
      const call = { owner, surface: SURFACES[surface], body, signal: controller.signal };
      const answer = await streamAnswer(call, (part) => show(withAnswer(part)));
      now = withAnswer(base.settings.demoTools ? withDemoResults(answer, Date.now()) : answer);
      keep(now);
      show(now);
      if (controller.signal.aborted || !canGoOn(now.turns)) break;
    }
    if (current.current === controller) setRunning(false);
  };

  const goOn = (turns: Turn[]) => {
    if (model !== undefined) void run({ ...conversation, turns }, model);
  };
  const leave = () => {
    current.current?.abort();
    current.current = undefined;
    setRunning(false);
  };
  const startNew = () => {
    leave();
    setConversation(newConversation(conversation.settings));
  };
  return {
    conversation,
    model,
    kept,
    isBroken,
    isRunning,
    stop: () => current.current?.abort(),
    change: (part: Partial<ChatSettings>) =>
      setConversation((now) => ({ ...now, settings: { ...now.settings, ...part } })),
    /** `at`: the place of the turn that is asked anew, whatever came after it is dropped. */
    send: (text: string, pictures: string[], at = conversation.turns.length) =>
      goOn([...conversation.turns.slice(0, at), { id: newId(), role: 'user', text, pictures }]),
    /** Drops the turn at that place and what came after it, and asks again. */
    regenerate: (at: number) => goOn(conversation.turns.slice(0, at)),
    /** Takes the results of a person, by the ids of the calls, and asks with them. */
    answerCalls: (results: ReadonlyMap<string, string>) =>
      goOn(
        conversation.turns.map((turn, index) => {
          if (turn.role === 'user' || index !== conversation.turns.length - 1) return turn;
          const calls = turn.answer.calls.map((call) => ({
            ...call,
            result: call.result ?? results.get(call.id) ?? '',
          }));
          return { ...turn, answer: { ...turn.answer, calls } };
        }),
      ),
    open: (chosen: Conversation) => {
      leave();
      setConversation(chosen);
    },
    startNew,
    remove: (id: string) => {
      deleted.current.add(id);
      if (id === conversation.id) startNew();
      setKept((all) => all.filter((one) => one.id !== id));
      void records.remove(id).catch(() => setBroken(true));
    },
    clear: () => {
      for (const { id } of kept) deleted.current.add(id);
      deleted.current.add(conversation.id);
      startNew();
      setKept([]);
      void records.clear().catch(() => setBroken(true));
    },
  };
}
