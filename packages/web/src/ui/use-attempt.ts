import { useState, type FormEvent } from 'react';

/** One thing that a form does: whether it runs, what it threw, and a handler that keeps the page where it is. */
export function useAttempt() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (act: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
    } catch (thrown) {
      setError(thrown);
    }
    setBusy(false);
  };
  const onSubmit = (act: () => Promise<void>) => (event: FormEvent) => {
    event.preventDefault();
    void run(act);
  };
  return { busy, error, run, onSubmit };
}
