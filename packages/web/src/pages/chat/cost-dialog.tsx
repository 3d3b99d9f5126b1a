import { Button } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { creditsText, usdText } from '../../ui/money.tsx';

/** Asks before a long conversation is sent at a price per token. `costMicros` undefined: nothing is asked. */
export function CostDialog(props: {
  costMicros: number | undefined;
  onSend: () => void;
  onClose: () => void;
}) {
  const { costMicros = 0, onSend, onClose } = props;
  return (
    <Dialog title="This is a long request" open={props.costMicros !== undefined} onClose={onClose}>
      <p className="text-sm">
        All of the conversation is sent with each message. This answer can cost up to{' '}
        <strong>
          {usdText(costMicros)} ({creditsText(costMicros)})
        </strong>
        . It costs less when the answer is shorter than the most that is allowed.
      </p>
      <DialogActions>
        <Button onClick={onClose}>Do not send</Button>
        <Button look="primary" onClick={onSend}>
          Send
        </Button>
      </DialogActions>
    </Dialog>
  );
}
