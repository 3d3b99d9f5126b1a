import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { AttemptRequest } from '../core/attempt.ts';
import type { TryBudget } from '../core/try-budget.ts';
import type { Admitted } from './admit.ts';

/** What a target is asked. `chat`: the request, or the rest of an answer that was begun elsewhere. */
export function attemptRequestFor(
  { decoded, exchange, estimatedInputTokens, surface, model }: Admitted,
  { chat, remoteModel, tries }: { chat: ChatRequest; remoteModel: string; tries: TryBudget },
): AttemptRequest {
  const { nativeOnly } = decoded;
  const { reasoningEffort: setEffort } = model.settings;
  return {
    chat,
    remoteModel,
    replyModel: decoded.model,
    stream: decoded.stream,
    tries,
    estimatedInputTokens,
    ...(nativeOnly === undefined ? {} : { nativeOnly }),
    ...(setEffort === undefined ? {} : { setEffort }),
    original: { dialect: surface.dialect, body: exchange.body, rawHeaders: exchange.rawHeaders },
  };
}
