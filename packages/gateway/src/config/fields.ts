import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { MICROS_PER_CREDIT, MICROS_PER_USD, parseAmount } from '../core/money.ts';

/**
 * The kinds of leaves that the configuration is made of. The `error` text of each is the sentence that a problem
 * shows as "allowed"; `issues.ts` says why the value was refused. A leaf that zod cannot judge by itself adds an
 * issue through `refuse`, with its own reason. No text here repeats the value.
 */
const NUL = '\u0000';

/** Packs reason and allowed text into the one string that a zod issue carries. */
export function packIssue(reason: string, allowed: string): string {
  return `${reason}${NUL}${allowed}`;
}

/** The opposite of `packIssue`; a plain message is only the allowed text. */
export function unpackIssue(message: string): { reason: string | undefined; allowed: string } {
  const cut = message.indexOf(NUL);
  if (cut < 0) return { reason: undefined, allowed: message };
  return { reason: message.slice(0, cut), allowed: message.slice(cut + 1) };
}

export function wholeNumber(minimum: number, maximum: number): z.ZodInt {
  const error = `a whole number from ${minimum} to ${maximum}`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

/** A number that may have a fraction; used for seconds. */
export function anyNumber(minimum: number, maximum: number): z.ZodNumber {
  const error = `a number from ${minimum} to ${maximum}`;
  return z.number({ error }).min(minimum, { error }).max(maximum, { error });
}

export function flag(): z.ZodBoolean {
  return z.boolean({ error: 'true or false' });
}

/** Printable text of one line. */
export function line(minimumChars: number, maximumChars: number): z.ZodString {
  const error = `text of one line, ${minimumChars} to ${maximumChars} characters`;
  return z
    .string({ error })
    .min(minimumChars, { error })
    .max(maximumChars, { error })
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, { error });
}

/** Text that must match a pattern; `allowed` says the pattern in words. */
export function shaped(pattern: RegExp, allowed: string): z.ZodString {
  return z.string({ error: allowed }).regex(pattern, { error: allowed });
}

const ENVIRONMENT_NAME = /^[A-Z][A-Z0-9_]{0,127}$/;

/** Capital letters only: a key pasted here by mistake has small ones, and is then refused without being shown. */
export function environmentName(): z.ZodString {
  return shaped(ENVIRONMENT_NAME, 'the name of an environment variable: capital letters, digits and _');
}

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The operator's name of a pool or upstream. */
export function name(): z.ZodString {
  return shaped(NAME, 'a name of small letters, digits and dashes, 1 to 63 characters');
}

export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  return z.enum(words, { error: `one of ${words.join(', ')}` });
}

/**
 * A decimal amount, as a number or as text, that µ$ can hold exactly. Money never passes through arithmetic on
 * fractions: `parseAmount` reads the digits. Bounds are whole units.
 */
export function amount(unit: 'credits' | 'usd', bounds: { minimum: 0 | 'above 0'; maximum: number }) {
  const microsPerUnit = unit === 'usd' ? MICROS_PER_USD : MICROS_PER_CREDIT;
  const places = unit === 'usd' ? 6 : 4;
  const lowest = bounds.minimum === 0 ? 'from 0' : 'above 0 and';
  const name = unit === 'usd' ? 'USD' : 'credits';
  const allowed = `an amount in ${name} ${lowest} up to ${bounds.maximum}, at most ${places} decimal places`;
  return z.union([z.number(), z.string()], { error: allowed }).superRefine((value, context) => {
    const parsed = parseAmount(value, microsPerUnit);
    const reason =
      parsed === undefined
        ? unreadableAmount(value)
        : parsed < 0
          ? 'is negative'
          : parsed > bounds.maximum * microsPerUnit
            ? 'is too large'
            : parsed === 0 && bounds.minimum !== 0
              ? 'is zero'
              : undefined;
    if (reason !== undefined) context.addIssue({ code: 'custom', message: packIssue(reason, allowed) });
  });
}

function unreadableAmount(value: string | number): string {
  const decimal = typeof value === 'number' || /^\s*-?\d+(?:\.\d+)?\s*$/.test(value);
  return decimal ? 'is finer than a µ$ ($0.000001), or too large' : 'is not a decimal number';
}

/** Part of a hundred with at most two decimal places, read by its digits like an amount. */
export function percent() {
  const allowed = 'a percentage from 0 to 99.99, at most 2 decimal places';
  return z.union([z.number(), z.string()], { error: allowed }).superRefine((value, context) => {
    if (percentHundredths(value) === undefined) {
      context.addIssue({ code: 'custom', message: packIssue('is no such percentage', allowed) });
    }
  });
}

/** "12.5" as 1250; undefined when it is no percentage from 0 to 99.99 with at most two places. */
export function percentHundredths(value: string | number): number | undefined {
  const parsed = parseAmount(value, MICROS_PER_CREDIT);
  if (parsed === undefined || parsed < 0 || parsed >= 100 * MICROS_PER_CREDIT) return undefined;
  return parsed % 100 === 0 ? parsed / 100 : undefined;
}

const INSTANT_FORM = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/;
const INSTANT = 'a date or date-time of UTC such as 2027-01-31 or 2027-01-31T12:00:00Z';

/** A moment: an ISO 8601 date (its first instant) or date-time, in UTC only, so that no time zone can be forgotten. */
export function instant(): z.ZodString {
  return shaped(INSTANT_FORM, INSTANT).superRefine((value, context) => {
    if (INSTANT_FORM.test(value) && instantMs(value) === undefined) {
      context.addIssue({ code: 'custom', message: packIssue('is no day or time that there is', INSTANT) });
    }
  });
}

/** Milliseconds since 1970 of what `instant` allows. Undefined when it is no such moment. */
export function instantMs(value: string): number | undefined {
  if (!INSTANT_FORM.test(value)) return undefined;
  const ms = Date.parse(value);
  // Date.parse takes February 30 for March 2.
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== value.slice(0, 10) ? undefined : ms;
}

const SIZE = /^(\d{1,7}) ?(KiB|MiB)$/;

/** A size in bytes: a whole number, or text such as `32 MiB`. */
export function byteSize(minimumBytes: number, maximumBytes: number) {
  const allowed = `a size from ${minimumBytes} bytes to ${maximumBytes / 1024 / 1024} MiB: a whole number of bytes, or text such as "32 MiB"`;
  return z.union([z.number(), z.string()], { error: allowed }).superRefine((value, context) => {
    const bytes = sizeInBytes(value);
    const reason =
      bytes === undefined
        ? 'is not a size'
        : bytes < minimumBytes
          ? 'is too small'
          : bytes > maximumBytes
            ? 'is too large'
            : undefined;
    if (reason !== undefined) context.addIssue({ code: 'custom', message: packIssue(reason, allowed) });
  });
}

/** Reads what `byteSize` allows. Undefined when it is no size. */
export function sizeInBytes(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const match = SIZE.exec(value.trim());
  if (match === null) return undefined;
  return Number(match[1]) * (match[2] === 'KiB' ? 1024 : 1024 * 1024);
}

/**
 * An http or https address without user name, query and fragment: each of these is a place where secrets hide, and
 * none survives the appending of a path.
 */
export function webAddress(allowed: string) {
  return z.string({ error: allowed }).superRefine((value, context) => {
    const reason = addressFault(value);
    if (reason !== undefined) context.addIssue({ code: 'custom', message: packIssue(reason, allowed) });
  });
}

function addressFault(value: string): string | undefined {
  if (value.length > 2048) return 'is too long';
  if (!URL.canParse(value)) return 'is not an address';
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'is not an http or https address';
  if (url.username !== '' || url.password !== '') return 'has a user name or password in it';
  if (value.includes('?')) return 'has a query in it';
  if (value.includes('#')) return 'has a fragment in it';
  return undefined;
}

const NETWORK = 'an IP address or a CIDR block such as 10.0.0.0/8';

/** One IP address or CIDR block. */
export function network() {
  return z.string({ error: NETWORK }).superRefine((value, context) => {
    if (!isNetwork(value)) {
      context.addIssue({ code: 'custom', message: packIssue('is not a network', NETWORK) });
    }
  });
}

/** A network whose word about the addresses of others is taken. Not all addresses at once: then anybody could give any. */
export function proxyNetwork() {
  return network().superRefine((value, context) => {
    if (isNetwork(value) && /\/0+$/.test(value)) {
      const reason = 'holds every address, so that clients could give any as theirs';
      context.addIssue({ code: 'custom', message: packIssue(reason, NETWORK) });
    }
  });
}

function isNetwork(value: string): boolean {
  const match = /^([0-9a-fA-F.:]{2,45})(?:\/(\d{1,3}))?$/.exec(value);
  const address = match?.[1];
  if (address === undefined) return false;
  const family = isIP(address);
  if (family === 0) return false;
  const prefix = match?.[2];
  if (prefix === undefined) return true;
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return true;
}
