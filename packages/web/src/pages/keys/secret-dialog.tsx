import type { NewKey } from '@switchyard/protocol/console/keys.ts';
import { useExample } from '../../session/use-example.ts';
import { Button } from '../../ui/button.tsx';
import { SecretField } from '../../ui/copy.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { SnippetTabs } from '../../ui/snippet-tabs.tsx';

/** The only look at a secret. It lives in this dialog and nowhere else. */
export function SecretDialog({ made, onClose }: { made: NewKey; onClose: () => void }) {
  const example = useExample();
  return (
    <Dialog
      title={`The key “${made.key.name}”`}
      description="Save it now: it cannot be shown again."
      open
      guarded
      onClose={onClose}
    >
      <SecretField label="Secret" value={made.secret} />
      <SnippetTabs ask={{ ...example, secret: made.secret }} />
      <DialogActions>
        <Button look="primary" onClick={onClose}>
          I saved it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
