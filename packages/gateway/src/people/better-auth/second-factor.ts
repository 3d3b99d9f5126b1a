import { twoFactor } from 'better-auth/plugins/two-factor';

/**
 * The library asks for the second factor after a password only. Here providers and wallets are asked, too: whoever has
 * the mailbox at a provider or the key of a wallet has one factor. Passkeys are two by themselves: the device, and what
 * unlocks it. Source: hooks of the two-factor plugin of better-auth 1.7.6, read 2026-11-21.
 */
export function secondFactor(issuer: string): ReturnType<typeof twoFactor> {
  const plugin = twoFactor({ issuer });
  const [afterPassword, ...others] = plugin.hooks.after;
  if (afterPassword === undefined || others.length > 0) {
    throw new Error('the two-factor plugin has other hooks than the ones that are known here');
  }
  const { matcher } = afterPassword;
  const everywhere: typeof afterPassword = {
    ...afterPassword,
    matcher: (context) => matcher(context) || isOtherSignIn(context.path ?? ''),
  };
  return { ...plugin, hooks: { ...plugin.hooks, after: [everywhere] } };
}

function isOtherSignIn(path: string): boolean {
  return path === '/siwe/verify' || path.startsWith('/callback/');
}
