import { useEffect, useMemo, useState } from 'react';
import { openRecords } from '../../studio/database.ts';
import { Button } from '../../ui/button.tsx';
import { Switch } from '../../ui/controls.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';

/** What a person said once. In this browser only. */
type Choice = { id: 'of-age'; saidAt: string };

/** Allows adult content. The first time it asks whether the person is of age, and remembers a yes in this browser. */
export function AdultSwitch({
  personId,
  checked,
  onChecked,
}: {
  personId: string;
  checked: boolean;
  onChecked: (checked: boolean) => void;
}) {
  const choices = useMemo(() => openRecords<Choice>('choices', personId), [personId]);
  const [isOfAge, setOfAge] = useState(false);
  const [asks, setAsks] = useState(false);
  useEffect(() => {
    void choices.all().then(
      (all) => setOfAge(all.some(({ id }) => id === 'of-age')),
      () => undefined,
    );
  }, [choices]);
  const confirm = () => {
    setOfAge(true);
    setAsks(false);
    onChecked(true);
    void choices.put({ id: 'of-age', saidAt: new Date().toISOString() }).catch(() => undefined);
  };
  return (
    <>
      <Switch
        label="Adult content (NSFW)"
        hint="Off: pictures with adult content are kept back."
        checked={checked}
        onChecked={(next) => (next && !isOfAge ? setAsks(true) : onChecked(next))}
      />
      <Dialog
        title="Are you of age?"
        description="Adult content is for people who are 18 or older, and of age where they live."
        open={asks}
        onClose={() => setAsks(false)}
      >
        <p className="text-sm">
          Sexual content about minors is blocked always. This answer is remembered in this browser only.
        </p>
        <DialogActions>
          <Button onClick={() => setAsks(false)}>No, leave it off</Button>
          <Button look="primary" onClick={confirm}>
            Yes, I am 18 or older
          </Button>
        </DialogActions>
      </Dialog>
    </>
  );
}
