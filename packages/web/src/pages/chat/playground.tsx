import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { useEffect, useRef, useState } from 'react';
import { useSignedIn } from '../../session/session.tsx';
import type { KeyOwner } from '../../studio/browser-key.ts';
import { useSpoken } from '../../studio/use-spoken.ts';
import { Button } from '../../ui/button.tsx';
import { classes } from '../../ui/classes.ts';
import { createDraft } from '../../ui/draft.ts';
import { Notice } from '../../ui/notice.tsx';
import { Page } from '../../ui/page.tsx';
import { AnswerView } from './answer-view.tsx';
import { CodeDialog } from './code-dialog.tsx';
import { Composer, type Draft } from './composer.tsx';
import type { Conversation, Turn } from './conversation.ts';
import { CostDialog } from './cost-dialog.tsx';
import { HistoryDialog } from './history-dialog.tsx';
import { quoteMicros } from './run-answer.ts';
import { SettingsPanel } from './settings-panel.tsx';
import { needsConsent, sizeOfBody } from './size.ts';
import { SURFACES } from './surfaces.ts';
import { askOf, useChat } from './use-chat.ts';
import { UserView } from './user-view.tsx';

const NO_DRAFT: Draft = { text: '', pictures: [] };
const useDraft = createDraft(NO_DRAFT);

/** A conversation with a model, and everything about its requests. */
export function Playground({ models }: { models: readonly ConsoleModel[] }) {
  const { person, account, session } = useSignedIn();
  const owner = { accountId: account.id, personId: person.id };
  const chat = useChat(owner, models);
  const [draft, setDraft] = useDraft(person.id);
  const [shown, setShown] = useState<'code' | 'history'>();
  const [showsSettings, setShowsSettings] = useState(false);
  const { conversation, isRunning, isBroken } = chat;
  const end = useFollow(conversation);
  const { turns, settings } = conversation;
  const model = chat.model;
  const spoken = useSpoken(spokenText(turns, isRunning));
  const consent = useConsent(owner);
  if (model === undefined) return null;

  const bodyOf = (next: readonly Turn[]) => SURFACES[settings.surface].body(askOf(conversation, next, model));
  const drafted = (): Turn[] => {
    const isEmpty = draft.text.trim() === '' && draft.pictures.length === 0;
    if (!isEmpty) return [...turns, { id: 'draft', role: 'user', ...draft }];
    // Nothing is written: the last request.
    const last = turns.findLastIndex(({ role }) => role === 'user');
    return last < 0
      ? [{ id: 'draft', role: 'user', text: 'Hello!', pictures: [] }]
      : turns.slice(0, last + 1);
  };
  const codeAsk = () => ({
    publicUrl: session.site.publicUrl,
    surface: SURFACES[settings.surface],
    body: bodyOf(drafted()),
  });
  const ask = (next: readonly Turn[], act: () => void) =>
    void consent.ask({ model, surface: SURFACES[settings.surface], body: bodyOf(next) }, act);
  const send = () =>
    ask(drafted(), () => {
      chat.send(draft.text, draft.pictures);
      setDraft(NO_DRAFT);
    });
  return (
    <Page
      title="Chat"
      action={
        <div className="flex flex-wrap gap-2">
          <Button
            className="lg:hidden"
            aria-expanded={showsSettings}
            aria-controls="chat-settings"
            onClick={() => setShowsSettings(!showsSettings)}
          >
            Settings
          </Button>
          <Button onClick={() => setShown('code')}>View code</Button>
          <Button onClick={() => setShown('history')}>History</Button>
          <Button disabled={turns.length === 0} onClick={chat.startNew}>
            New chat
          </Button>
        </div>
      }
    >
      <div className="grid gap-8 lg:grid-cols-[minmax(0,1fr)_18rem]">
        <div className="grid min-w-0 content-start gap-6">
          {isBroken && (
            <Notice tone="warn">
              This browser keeps nothing for this page: chats are gone when you leave it.
            </Notice>
          )}
          {turns.length === 0 && (
            <p className="rounded-xl border border-dashed border-edge/60 px-6 py-8 text-sm text-soft">
              Write the first message. Chats stay only in this browser; each answer is paid from the balance.
            </p>
          )}
          {turns.map((turn, index) =>
            turn.role === 'user' ? (
              <UserView
                key={turn.id}
                turn={turn}
                isRunning={isRunning}
                onEdit={(text) =>
                  ask([...turns.slice(0, index), { ...turn, text }], () =>
                    chat.send(text, turn.pictures, index),
                  )
                }
              />
            ) : (
              <AnswerView
                key={turn.id}
                turn={turn}
                isLast={index === turns.length - 1}
                isRunning={isRunning}
                onRegenerate={() => ask(turns.slice(0, index), () => chat.regenerate(index))}
                onResults={chat.answerCalls}
              />
            ),
          )}
          <div ref={end} className="pb-4">
            <Composer
              draft={draft}
              onDraft={setDraft}
              seesPictures={model.capabilities.vision}
              isRunning={isRunning}
              onSend={send}
              onStop={chat.stop}
            />
          </div>
        </div>
        <div id="chat-settings" className={classes('max-lg:order-first', !showsSettings && 'max-lg:hidden')}>
          <SettingsPanel
            key={conversation.id}
            settings={settings}
            models={models}
            model={model}
            onChange={chat.change}
          />
        </div>
      </div>
      <p className="sr-only" aria-live="polite">
        {spoken}
      </p>
      <CodeDialog ask={codeAsk} open={shown === 'code'} onClose={() => setShown(undefined)} />
      <HistoryDialog chat={chat} open={shown === 'history'} onClose={() => setShown(undefined)} />
      <CostDialog costMicros={consent.costMicros} onSend={consent.agree} onClose={consent.refuse} />
    </Page>
  );
}

/** Keeps the composer in view while an answer grows, unless the person has scrolled away from it. */
function useFollow(conversation: Conversation) {
  const end = useRef<HTMLDivElement>(null);
  const isNear = useRef(true);
  useEffect(() => {
    const look = () => {
      const bottom = end.current?.getBoundingClientRect().bottom ?? 0;
      isNear.current = bottom < window.innerHeight + NEAR_PX;
    };
    window.addEventListener('scroll', look, { passive: true });
    return () => window.removeEventListener('scroll', look);
  }, []);
  useEffect(() => {
    if (conversation.turns.length > 0 && isNear.current) end.current?.scrollIntoView({ block: 'end' });
  }, [conversation]);
  return end;
}

const NEAR_PX = 200;

/** Shows what a long request can cost before it is sent. */
function useConsent(owner: KeyOwner) {
  const [asked, setAsked] = useState<{ costMicros: number; size: number; act: () => void }>();
  const agreedSize = useRef(0);
  type Request = { model: ConsoleModel; surface: (typeof SURFACES)[keyof typeof SURFACES]; body: object };
  return {
    costMicros: asked?.costMicros,
    ask: async ({ model, surface, body }: Request, act: () => void) => {
      const size = sizeOfBody(body);
      if (!needsConsent(model.price, size, agreedSize.current)) {
        act();
        return;
      }
      const { signal } = new AbortController();
      // What is wrong with the request the answer itself will say.
      const costMicros = await quoteMicros({ owner, surface, body, signal }).catch(() => undefined);
      if (costMicros === undefined) act();
      else setAsked({ costMicros, size, act });
    },
    agree: () => {
      if (asked === undefined) return;
      agreedSize.current = asked.size;
      setAsked(undefined);
      asked.act();
    },
    refuse: () => setAsked(undefined),
  };
}

const SPOKEN_MAX_CHARS = 1_000;

function spokenText(turns: readonly Turn[], isRunning: boolean): string {
  if (isRunning) return 'The model answers …';
  const last = turns.at(-1);
  return last?.role === 'assistant' ? last.answer.text.slice(0, SPOKEN_MAX_CHARS) : '';
}
