import { useEffect, useRef, useState } from 'react';
import type { SignInOutcome } from '../api/auth.ts';
import { Button } from '../ui/button.tsx';
import { ErrorNotice } from '../ui/states.tsx';
import { useAttempt } from '../ui/use-attempt.ts';
import { signInWithWallet, walletProblem } from './wallet-sign-in.ts';
import { injectedWallet, watchWallets, type Wallet } from './wallets.ts';

/** Signs in with a wallet of this browser; asks which one where there are several. */
export default function WalletButton({
  siteUrl,
  label,
  only = [],
  onIn,
}: {
  siteUrl: string;
  label: string;
  /** Only these addresses, for somebody who signs in again. */
  only?: readonly string[];
  onIn: (outcome: SignInOutcome) => Promise<void> | void;
}) {
  const wallets = useWallets();
  const [asks, setAsks] = useState(false);
  const waiting = useRef<AbortController>(undefined);
  const { busy, error, run } = useAttempt();
  useEffect(() => () => waiting.current?.abort(), []);
  const enter = (wallet: Wallet | undefined) =>
    run(async () => {
      setAsks(false);
      if (wallet === undefined) throw walletProblem('wallet_missing');
      waiting.current = new AbortController();
      const { signal } = waiting.current;
      const outcome = await signInWithWallet(wallet, { siteUrl, only, signal });
      await onIn(outcome);
    });
  const begin = () => {
    if (wallets.length > 1) setAsks(true);
    else void enter(wallets[0] ?? injectedWallet(window));
  };
  return (
    <>
      {error !== undefined && <ErrorNotice error={error} />}
      <Button busy={busy} aria-expanded={wallets.length > 1 ? asks : undefined} onClick={begin}>
        {label}
      </Button>
      {busy && (
        <p role="status" className="text-center text-sm text-soft">
          Look into the wallet and answer there.
        </p>
      )}
      {asks && (
        <div role="group" aria-label="Which wallet" className="grid gap-2 rounded-lg bg-sunken p-2.5">
          {wallets.map((wallet) => (
            <Button key={wallet.id} onClick={() => void enter(wallet)}>
              <span className="truncate">{wallet.name}</span>
            </Button>
          ))}
        </div>
      )}
    </>
  );
}

function useWallets(): readonly Wallet[] {
  const [wallets, setWallets] = useState<readonly Wallet[]>([]);
  useEffect(() => watchWallets(window, setWallets), []);
  return wallets;
}
