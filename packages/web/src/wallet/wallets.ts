/** A wallet that speaks to pages. Source: EIP-1193, eips.ethereum.org, read 2026-11. */
export type WalletProvider = {
  request(ask: { method: string; params?: readonly unknown[] }): Promise<unknown>;
};

export type Wallet = { id: string; name: string; provider: WalletProvider };

const ANNOUNCED = 'eip6963:announceProvider';
const ASKED = 'eip6963:requestProvider';
/** Any script of an extension can announce: what it says of itself is bounded. */
const WALLETS_MAX = 12;
const NAME_MAX_CHARS = 40;

/**
 * Hears which wallets this browser has, now and later: each says so when it is asked.
 * Source: EIP-6963, eips.ethereum.org, read 2026-11. Returns what stops it.
 */
export function watchWallets(page: EventTarget, hear: (wallets: readonly Wallet[]) => void): () => void {
  let wallets: readonly Wallet[] = [];
  const note = (event: Event) => {
    const found = 'detail' in event ? announcedWallet(event.detail) : undefined;
    if (found === undefined) return;
    wallets = withWallet(wallets, found);
    hear(wallets);
  };
  page.addEventListener(ANNOUNCED, note);
  page.dispatchEvent(new Event(ASKED));
  return () => page.removeEventListener(ANNOUNCED, note);
}

/** Wallets announce themselves again whenever anybody asks. */
function withWallet(wallets: readonly Wallet[], found: Wallet): readonly Wallet[] {
  if (wallets.some(({ id }) => id === found.id)) {
    return wallets.map((known) => (known.id === found.id ? found : known));
  }
  return [...wallets, found].slice(0, WALLETS_MAX);
}

/** What an announcement names: `{ info: { uuid, name }, provider }`. */
export function announcedWallet(detail: unknown): Wallet | undefined {
  const info = fieldOf(detail, 'info');
  const provider = fieldOf(detail, 'provider');
  const uuid = fieldOf(info, 'uuid');
  const name = fieldOf(info, 'name');
  if (typeof uuid !== 'string' || uuid === '' || typeof name !== 'string' || !isProvider(provider)) {
    return undefined;
  }
  const line = name.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return { id: uuid, name: Array.from(line).slice(0, NAME_MAX_CHARS).join('') || 'Wallet', provider };
}

/** The one that put itself at `window.ethereum`, as wallets did before they announced themselves. */
export function injectedWallet(page: object): Wallet | undefined {
  const ethereum = fieldOf(page, 'ethereum');
  return isProvider(ethereum) ? { id: 'injected', name: 'Wallet', provider: ethereum } : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function isProvider(value: unknown): value is WalletProvider {
  return (
    typeof value === 'object' && value !== null && 'request' in value && typeof value.request === 'function'
  );
}
