import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Maintenance } from '@switchyard/protocol/console/operator.ts';
import { useState } from 'react';
import { sendJson } from '../../api/client.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { TextField } from '../../ui/field.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Loaded } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';
import { maintenanceQuery, operatorPath, refreshOperator } from '../operator-queries.ts';

const MESSAGE_MAX_CHARS = 300;

export default function MaintenancePage() {
  const maintenance = useQuery(maintenanceQuery);
  return (
    <Page
      title="Maintenance"
      lead="While it is on, new paid requests get the status 503 and your message. Those that run end by themselves. Pages stay open."
    >
      <Loaded query={maintenance}>{(now) => <MaintenanceSwitch key={String(now.on)} now={now} />}</Loaded>
    </Page>
  );
}

function MaintenanceSwitch({ now }: { now: Maintenance }) {
  const client = useQueryClient();
  const [message, setMessage] = useState(now.message);
  const [asks, setAsks] = useState(false);
  const wanted: Maintenance = { on: !now.on, message: now.on ? '' : message.trim() };
  const change = useMutation({
    mutationFn: () =>
      withFreshSignIn(() => sendJson<Maintenance>('PUT', operatorPath('maintenance'), wanted)),
    onSuccess: async () => {
      setAsks(false);
      toast(wanted.on ? 'Maintenance is on' : 'Maintenance is over');
      await Promise.all([
        refreshOperator(client, 'maintenance'),
        client.invalidateQueries({ queryKey: ['session'] }),
      ]);
    },
  });
  return (
    <Card className="grid max-w-2xl gap-5">
      <p className="text-lg font-semibold">
        <Status tone={now.on ? 'warn' : 'good'}>{now.on ? 'Maintenance is on' : 'Requests are taken'}</Status>
      </p>
      {now.on ? (
        <p className="text-sm">Callers are told: “{now.message || 'no message'}”</p>
      ) : (
        <TextField
          label="Message"
          maxLength={MESSAGE_MAX_CHARS}
          value={message}
          onChange={(event) => setMessage(event.target.value)}
          hint="Callers and people read it. Say when it will be over. May be empty."
        />
      )}
      <div>
        <Button look={now.on ? 'primary' : 'danger'} onClick={() => setAsks(true)}>
          {now.on ? 'End the maintenance' : 'Begin maintenance'}
        </Button>
      </div>
      <ConfirmDialog
        title={now.on ? 'End the maintenance?' : 'Begin maintenance?'}
        action={now.on ? 'Take requests again' : 'Refuse new requests'}
        open={asks}
        busy={change.isPending}
        error={change.error}
        onConfirm={() => change.mutate()}
        onClose={() => setAsks(false)}
      >
        {now.on ? (
          <p>Requests are taken again at once.</p>
        ) : (
          <>
            <p>Every new paid request of every account on this site is refused at once, until you end it.</p>
            <p>They are told: “{wanted.message || 'no message'}”</p>
          </>
        )}
      </ConfirmDialog>
    </Card>
  );
}
