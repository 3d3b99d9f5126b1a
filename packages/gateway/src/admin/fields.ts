import { z } from 'zod';
import { micros } from '../core/money.ts';

/** Building blocks of the inputs of use cases. Messages say the rule and never repeat the value. */

/** No control, format (bidi) or line-separator characters: names are printed on terminals and pages. */
const PLAIN_TEXT = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;

const line = (maxChars: number) =>
  z
    .string()
    .trim()
    .min(1, `must have 1 to ${maxChars} characters`)
    .max(maxChars, `must have 1 to ${maxChars} characters`)
    .regex(PLAIN_TEXT, 'must be one line of plain text');

/** What a person calls a thing. */
export const nameField = () => line(100);

/** Why something was done, for the records. */
export const reasonField = () => line(300);

/** An id, or a name that only one thing has. */
export const referenceField = () => line(100);

/** A name that a program gives: letters, digits and a few signs. */
export const tokenField = (maxChars: number) =>
  z
    .string()
    .max(maxChars, `must have at most ${maxChars} characters`)
    .regex(/^[0-9A-Za-z][0-9A-Za-z._:/@-]*$/, 'must be letters, digits and . _ : / @ -');

/** What requests may call a model, as in the configuration. */
export const modelNameField = () =>
  z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/,
      'must be letters, digits and . _ : / -, starting with a letter or digit, at most 128 characters',
    );

/** What an engine calls a model: whatever the node link lets through. */
export const remoteModelField = () => line(256);

/** The largest amount of one posting: 10 million USD. Keeps sums far from where numbers lose digits. */
const AMOUNT_MAX_MICROS = 10_000_000_000_000;

/** Whole µ$, negative allowed. */
export const signedAmountField = () =>
  z
    .int('must be a whole number of µ$')
    .min(-AMOUNT_MAX_MICROS, 'is too small')
    .max(AMOUNT_MAX_MICROS, 'is too large')
    .transform((value) => micros(value));

/** Whole µ$, above zero. */
export const positiveAmountField = () =>
  z
    .int('must be a whole number of µ$')
    .min(1, 'must be above zero')
    .max(AMOUNT_MAX_MICROS, 'is too large')
    .transform((value) => micros(value));

/** Whole µ$, zero allowed: a limit of zero forbids spending. */
export const limitAmountField = () =>
  z
    .int('must be a whole number of µ$')
    .min(0, 'must not be negative')
    .max(AMOUNT_MAX_MICROS, 'is too large')
    .transform((value) => micros(value));

export const countField = (maximum: number) =>
  z
    .int(`must be a whole number from 1 to ${maximum}`)
    .min(1, `must be a whole number from 1 to ${maximum}`)
    .max(maximum, `must be a whole number from 1 to ${maximum}`);

const TEN_YEARS_MS = 10 * 366 * 24 * 60 * 60 * 1000;

/** Milliseconds from now: one second to ten years. */
export const lifetimeField = () =>
  z.int('must be a whole number of milliseconds').min(1_000, 'is too short').max(TEN_YEARS_MS, 'is too long');

/** The last day whose year has four digits: what ends later cannot be written as a time that every reader takes. */
const LAST_DAY_MS = Date.UTC(9999, 11, 31);

/** When something ends, in milliseconds since 1970. */
export const endField = () =>
  z
    .int('must be a whole number of milliseconds')
    .min(1, 'must be a time')
    .max(LAST_DAY_MS, 'is too far in the future');

/** How many rows a list shows. */
export const rowsField = () => countField(10_000).default(1_000);
