import { signInWithProvider } from '../../api/auth.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';

/** One button for each provider that the operator set up. */
export function ProviderButtons({ providers, backTo }: { providers: readonly string[]; backTo: string }) {
  const { busy, error, run } = useAttempt();
  return (
    <>
      {error !== undefined && <ErrorNotice error={error} />}
      {providers.map((provider) => (
        <Button
          key={provider}
          disabled={busy}
          onClick={() => void run(() => signInWithProvider(provider, backTo))}
        >
          Go on with {provider.charAt(0).toUpperCase() + provider.slice(1)}
        </Button>
      ))}
    </>
  );
}
