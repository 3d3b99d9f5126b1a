import { resolve } from 'node:path';
import { callGateway } from '../admin/admin-client.ts';
import type { CallFailure } from '../admin/admin-client.ts';
import type { OperationInput, OperationName, OperationOutput } from '../admin/operations.ts';
import type { LoadedConfig } from '../config/config.ts';
import { faultMessage } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import { CommandFailure } from './failure.ts';
import type { LocalGateway } from './local-gateway.ts';

export type CommonOptions = { json?: boolean; dataDir?: string; config?: string };

/** Runs use cases: in the gateway that runs over the data folder, or in this process when none does. */
export type Session = {
  /** Throws `CommandFailure`. */
  call<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<OperationOutput<Name>>;
  close(): Promise<void>;
};

/**
 * With `--data` the gateway is asked before any configuration is read, so that commands work beside it from
 * everywhere. Without one that runs, the configuration is needed: it names brand, pools and models.
 */
export function createSession(options: CommonOptions): Session {
  let loaded: LoadedConfig | undefined;
  let local: LocalGateway | undefined;

  async function config(): Promise<LoadedConfig> {
    if (loaded === undefined) {
      const { loadConfigOrFail } = await import('./load-config.ts');
      loaded = loadConfigOrFail(options);
    }
    return loaded;
  }

  async function dataFolder(): Promise<string> {
    return options.dataDir === undefined ? (await config()).config.data.dir : resolve(options.dataDir);
  }

  async function run(name: OperationName, input: unknown): Promise<Result<unknown, CallFailure>> {
    if (local !== undefined) return runLocal(local, name, input);
    const folder = await dataFolder();
    const reply = await callGateway(folder, name, input);
    if (reply.ok || reply.error.kind !== 'unreachable') return reply;
    const { openLocalGateway } = await import('./local-gateway.ts');
    local = await openLocalGateway((await config()).config);
    if (local !== undefined) return runLocal(local, name, input);
    // Somebody holds the folder after all: a gateway that was just starting serves its socket by now.
    return callGateway(folder, name, input);
  }

  return {
    async call(name, input) {
      const outcome = await run(name, input);
      if (!outcome.ok) throw callFailure(outcome.error);
      // The same table made the answer, in this process or in the gateway of the same version.
      return outcome.value as OperationOutput<typeof name>;
    },
    async close() {
      await local?.close();
    },
  };
}

async function runLocal(
  gateway: LocalGateway,
  name: OperationName,
  input: unknown,
): Promise<Result<unknown, CallFailure>> {
  const outcome = await gateway.run(name, input);
  return outcome.ok ? outcome : { ok: false, error: { kind: 'refused', fault: outcome.error } };
}

function callFailure(failure: CallFailure): CommandFailure {
  switch (failure.kind) {
    case 'unreachable':
      return new CommandFailure('Another process uses the data folder, and it does not answer', {
        code: 'data_folder_in_use',
        hint: 'A gateway may just be starting or stopping, or another command runs. Try again in a moment.',
      });
    case 'lost':
      return new CommandFailure('The connection to the running gateway broke before it answered', {
        code: 'connection_lost',
        hint: 'The command may have been carried out. Look at the list before you repeat it.',
      });
    case 'refused':
      break;
  }
  return refusal(failure.fault);
}

function refusal(fault: Fault): CommandFailure {
  const hint = fault.code === 'not_found' ? listHint(fault.param ?? '') : HINTS[fault.code];
  return new CommandFailure(faultMessage(fault), {
    code: fault.code,
    ...(hint === undefined ? {} : { hint }),
  });
}

const HINTS: Partial<Record<Fault['code'], string>> = {
  model_not_found: '"switchyard model list" shows the models of the catalogue.',
  ledger_unavailable: 'The disk may be full or failing. Look at the log of the gateway, then start it again.',
  internal_error: 'Look at the log of the gateway.',
};

/** One of several has its place behind the name of the field: `deployments[0]`. */
function listHint(param: string): string | undefined {
  return LISTS[param.replace(/s\[\d+\]$/, '')];
}

/** What shows the things that there are, by the field that named one. Not every group of commands has a list. */
const LISTS: Record<string, string> = {
  account: '"switchyard account list" shows ids and names.',
  deployment: '"switchyard deployment list" shows ids and names.',
  key: '"switchyard key list" shows ids and names.',
  node: '"switchyard node list" shows ids and names.',
  of: '"switchyard account list" and "switchyard node list" show ids and names.',
  person: '"switchyard person list" and "switchyard member list ACCOUNT" show ids and addresses.',
  request: '"switchyard receipt list ACCOUNT" shows the newest requests.',
};
