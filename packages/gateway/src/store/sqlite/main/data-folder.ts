import { mkdirSync } from 'node:fs';

/** The files of a data folder. */

/** Everything but money and people. */
export const MAIN_DATABASE_FILE = 'switchyard.sqlite';

/** People, how they sign in, and their roles in accounts. */
export const PEOPLE_DATABASE_FILE = 'people.sqlite';

/** Money and receipts. */
export const LEDGER_DATABASE_FILE = 'ledger.sqlite';

/** Sums over receipts. Made of the ledger again when it is missing. */
export const USAGE_DATABASE_FILE = 'usage.sqlite';

/** Makes the folder, with its parents, for its owner only. Does nothing to one that is there. */
export function makeDataFolder(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}
