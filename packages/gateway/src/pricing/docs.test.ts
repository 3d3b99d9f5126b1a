import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '../core/errors.ts';
import { SETTLEMENT_POLICIES } from './settlement.ts';

const page = (name: string): string =>
  readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');

/** The first cell of each row of the table that follows a heading, without its backticks. */
function firstCells(text: string, heading: string): string[] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '');
}

describe('the documentation has each row once', () => {
  test('of the settlement matrix', () => {
    expect(firstCells(page('money.md'), 'Settlement matrix')).toEqual(Object.keys(SETTLEMENT_POLICIES));
  });

  test('of the errors, with their status', () => {
    const text = page('api.md');
    expect(firstCells(text, 'Errors').sort()).toEqual(Object.keys(ERRORS).sort());
    for (const [code, { status }] of Object.entries(ERRORS)) {
      expect(text).toContain(`| \`${code}\` | ${status} |`);
    }
  });
});
