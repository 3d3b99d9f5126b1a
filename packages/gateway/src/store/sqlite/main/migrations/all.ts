import type { Migration } from '../migrate.ts';
import { migration as accounts } from './0001-accounts.ts';
import { migration as deployments } from './0002-deployments.ts';
import { migration as trust } from './0003-trust.ts';
import { migration as approvedNodes } from './0004-approved-nodes.ts';
import { migration as personalKeys } from './0005-personal-keys.ts';

/** In order, without gaps. A migration that was ever released is never edited: the next one corrects it. */
export const MIGRATIONS: readonly Migration[] = [accounts, deployments, trust, approvedNodes, personalKeys];
