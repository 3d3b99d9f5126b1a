import { LINK_LIMITS } from './limits.ts';

/**
 * Credit for DATA bodies, as plain state without timers or sockets. Each direction of each stream has a window,
 * and so has each direction of the connection; a DATA body spends from both. Without it one client that reads
 * slowly would fill the socket that all others share.
 *
 * The sender keeps what it may still send (`SendWindow`); the receiver keeps what the sender may still send and what
 * was consumed but not yet granted again (`ReceiveWindow`). At rest: credit + under way + unread + ungranted = size.
 */
export type SendWindow = { readonly sizeBytes: number; creditBytes: number };

export type ReceiveWindow = {
  readonly sizeBytes: number;
  openBytes: number;
  unreadBytes: number;
  ungrantedBytes: number;
};

export function createSendWindow(sizeBytes: number): SendWindow {
  return { sizeBytes, creditBytes: sizeBytes };
}

export function createReceiveWindow(sizeBytes: number): ReceiveWindow {
  return { sizeBytes, openBytes: sizeBytes, unreadBytes: 0, ungrantedBytes: 0 };
}

/** Spends credit. Throws when there is not enough: the writer asks before it sends. */
export function spendCredit(window: SendWindow, bytes: number): void {
  if (bytes < 0 || bytes > window.creditBytes) throw new RangeError('credit would become negative');
  window.creditBytes -= bytes;
}

/** Takes a WINDOW record. False when the receiver grants more than it was ever sent: it breaks the protocol. */
export function addCredit(window: SendWindow, bytes: number): boolean {
  if (!Number.isSafeInteger(bytes) || bytes < 1 || window.creditBytes + bytes > window.sizeBytes)
    return false;
  window.creditBytes += bytes;
  return true;
}

/** Takes a DATA body. False when the sender had no credit for it: it breaks the protocol. */
export function receiveBytes(window: ReceiveWindow, bytes: number): boolean {
  if (bytes > window.openBytes) return false;
  window.openBytes -= bytes;
  window.unreadBytes += bytes;
  return true;
}

/** Says that received bytes have found their reader. Throws when they were never received. */
export function consumeBytes(window: ReceiveWindow, bytes: number): void {
  if (bytes > window.unreadBytes) throw new RangeError('more bytes consumed than received');
  window.unreadBytes -= bytes;
  window.ungrantedBytes += bytes;
}

/**
 * The bytes to grant now, or 0. Grants when half a window is consumed, so that WINDOW records stay rare and a sender
 * that needs a whole record's credit gets it before the window is empty.
 */
export function takeGrant(window: ReceiveWindow): number {
  const bytes = window.ungrantedBytes;
  if (bytes * 2 < window.sizeBytes) return 0;
  window.ungrantedBytes = 0;
  window.openBytes += bytes;
  return bytes;
}

export type LinkCredit<Window> = { stream: Window; connection: Window };

/** What a sender may put into one DATA record now. */
export function sendableBytes(credit: LinkCredit<SendWindow>): number {
  return Math.min(credit.stream.creditBytes, credit.connection.creditBytes, LINK_LIMITS.recordBodyMaxBytes);
}
