import type { SurfaceId } from './conversation.ts';
import { chatSurface } from './surface-chat.ts';
import { messagesSurface } from './surface-messages.ts';
import { responsesSurface } from './surface-responses.ts';
import type { Surface } from './surface.ts';

/** The three ways to speak to a model; which one changes the request, not the conversation. */
export const SURFACES: Readonly<Record<SurfaceId, Surface>> = {
  chat: chatSurface,
  messages: messagesSurface,
  responses: responsesSurface,
};
