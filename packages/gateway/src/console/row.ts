import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import type { Account } from '../accounts/account.ts';
import type { AdminContext } from '../admin/context.ts';
import { inputFault } from '../admin/operations.ts';
import type { Fault } from '../core/errors.ts';
import { failed, type Result } from '../core/result.ts';
import type { Demand, Who } from './guard.ts';
import type { Person } from '../people/person.ts';

/** A request that has passed the guard. */
export type ConsoleCall = {
  /** The use cases of the gateway; what they write names this person as who did it. */
  admin: AdminContext;
  person: Person | undefined;
  /** Values of the address, such as `key`. */
  params: Readonly<Record<string, string>>;
  request: FastifyRequest;
};

/** The same for a route under an account. */
export type AccountCall = ConsoleCall & { person: Person; account: Account; role: MemberRole };
/** The same for a route that needs a person. */
export type PersonCall = ConsoleCall & { person: Person };

/** An answer that is no JSON: a file to save. */
export class CsvFile {
  readonly name: string;
  readonly text: string;
  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }
}

type Answer = Result<unknown, Fault> | Promise<Result<unknown, Fault>>;
export type GuardedCall = ConsoleCall & { account: Account | undefined; role: MemberRole | undefined };

/** A row of the route table. `run` gets the raw input and checks it with the row's schema itself. */
export type ConsoleRow = Demand & {
  path: string;
  run(call: GuardedCall, input: unknown): Answer;
  /** Instead of an answer: takes the reply over, as for server-sent events. */
  stream?: (call: AccountCall, reply: FastifyReply) => void;
};

type Method = Demand['method'];
const NOTHING = z.strictObject({});

/** What a row has in common: its address, who may ask, and what it takes (of the query for GET, else of the body). */
type Spec<Schema extends z.ZodType, Call> = {
  method: Method;
  path: string;
  fresh?: boolean;
  input?: Schema;
  run(call: Call, input: z.output<Schema>): Answer;
};

/** A route for everyone. */
export function openRow<Schema extends z.ZodType = typeof NOTHING>(
  spec: Spec<Schema, ConsoleCall>,
): ConsoleRow {
  return rowOf('anonymous', spec, (call) => call);
}

/** A route for everyone who is signed in. */
export function personRow<Schema extends z.ZodType = typeof NOTHING>(
  spec: Spec<Schema, PersonCall>,
): ConsoleRow {
  return rowOf('person', spec, personCall);
}

/** A route for operators. */
export function operatorRow<Schema extends z.ZodType = typeof NOTHING>(
  spec: Spec<Schema, PersonCall>,
): ConsoleRow {
  return rowOf('operator', { ...spec, path: `/api/console/operator/${spec.path}` }, personCall);
}

/** A route under an account, for its members from `who` on. */
export function memberRow<Schema extends z.ZodType = typeof NOTHING>(
  who: MemberRole,
  spec: Spec<Schema, AccountCall>,
): ConsoleRow {
  return rowOf(who, { ...spec, path: accountPath(spec.path) }, accountCall);
}

/** A stream of events under an account. */
export function streamRow(who: MemberRole, path: string, stream: ConsoleRow['stream'] & {}): ConsoleRow {
  const run: ConsoleRow['run'] = () => {
    throw new Error('a stream has no answer');
  };
  return { method: 'GET', path: accountPath(path), who, fresh: false, run, stream };
}

function accountPath(path: string): string {
  return path === '' ? '/api/console/accounts/:account' : `/api/console/accounts/:account/${path}`;
}

function personCall(call: GuardedCall): PersonCall {
  if (call.person === undefined) throw new Error('the guard let nobody in');
  return { ...call, person: call.person };
}

export function accountCall(call: GuardedCall): AccountCall {
  const { account, role } = call;
  if (account === undefined || role === undefined) throw new Error('the guard let nobody in');
  return { ...personCall(call), account, role };
}

function rowOf<Schema extends z.ZodType, Call>(
  who: Who,
  spec: Spec<Schema, Call>,
  narrow: (call: GuardedCall) => Call,
): ConsoleRow {
  const { method, path, fresh = false, input: schema = NOTHING } = spec;
  return {
    method,
    path,
    who,
    fresh,
    run(call, input) {
      const parsed = schema.safeParse(input);
      if (!parsed.success) return failed(inputFault(parsed.error));
      return spec.run(narrow(call), parsed.data as z.output<Schema>);
    },
  };
}
