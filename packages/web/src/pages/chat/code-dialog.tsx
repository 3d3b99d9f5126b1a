import { Code } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { curlCode, pythonCode, typescriptCode, type CodeAsk } from './view-code.ts';

/** The next request as a program would send it. `ask` is made when the dialog opens. */
export function CodeDialog({
  ask,
  open,
  onClose,
}: {
  ask: () => CodeAsk;
  open: boolean;
  onClose: () => void;
}) {
  return (
    <Dialog
      title="This request as code"
      description="Put a key of yours into API_KEY. Pictures are shortened."
      open={open}
      onClose={onClose}
      width="wide"
    >
      {open && <Forms ask={ask()} />}
    </Dialog>
  );
}

function Forms({ ask }: { ask: CodeAsk }) {
  return (
    <Tabs
      label="Languages"
      tabs={[
        { value: 'curl', label: 'curl', content: <Code label="Shell" text={curlCode(ask)} /> },
        { value: 'python', label: 'Python', content: <Code label="Python" text={pythonCode(ask)} /> },
        {
          value: 'typescript',
          label: 'TypeScript',
          content: <Code label="TypeScript" text={typescriptCode(ask)} />,
        },
      ]}
    />
  );
}
