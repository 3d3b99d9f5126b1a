import { messageOf } from '../../api/client.ts';
import { PublicFailure } from '../../studio/browser-key.ts';

/** What to say of a picture that was not made, and what can be done. A picture that does not come costs nothing. */
export type FailureAdvice = {
  text: string;
  retry: boolean;
  link?: { href: string; label: string };
  requestId: string;
};

const BILLING = { href: '/app/billing', label: 'Add credit' };
const REQUESTS = { href: '/app/requests', label: 'See the request' };

/** Those that say better what to do than the API's own message; the rest is told with it. */
const ADVICE: Readonly<Record<string, Omit<FailureAdvice, 'requestId'>>> = {
  server_is_overloaded: {
    text: 'No node could take it: all are busy or offline. Nothing was charged. Try again in a minute; when none is there, this page can tell you of the next one.',
    retry: true,
  },
  classifier_unavailable: {
    text:
      'Pictures without adult content must be looked at, and nothing here can do that now. Nothing was charged. ' +
      'Take another model, or ask the operator.',
    retry: false,
  },
  insufficient_credits: {
    text: 'The balance does not cover this picture. Nothing was charged.',
    retry: false,
    link: BILLING,
  },
  rate_limit_exceeded: { text: 'Too many requests in a minute. Wait a little, then try again.', retry: true },
  concurrency_limit_exceeded: {
    text: 'Too many requests run at once. Wait for one to end, then try again.',
    retry: true,
  },
  network: {
    text:
      'The connection was lost. If the picture was not finished, nothing was charged. The list of requests shows ' +
      'what happened.',
    retry: true,
    link: REQUESTS,
  },
};

export function failureAdvice(error: unknown): FailureAdvice {
  if (!(error instanceof PublicFailure)) return { text: messageOf(error), retry: true, requestId: '' };
  const { code, message, status, requestId } = error;
  const known = ADVICE[code];
  if (known !== undefined) return { ...known, requestId };
  if (code === 'content_policy_violation') {
    return {
      text: `${message} Nothing was charged. Change the words and try again.`,
      retry: false,
      requestId,
    };
  }
  if (status >= 500) {
    return {
      text: `The picture could not be made: ${message} What was held is back in your balance.`,
      retry: true,
      link: REQUESTS,
      requestId,
    };
  }
  return { text: `${message} Nothing was charged.`, retry: false, requestId };
}
