import { describe, expect, test } from 'vitest';
import { ERRORS } from '../core/errors.ts';
import { openApiDocument } from './document.ts';
import { operations } from './operations.ts';
import { apiReferencePage } from './page.ts';

const document = openApiDocument({ title: 'Test', version: '1.2.3', baseUrl: 'https://gateway.example' });
const text = JSON.stringify(document);

/** What a reference such as `#/components/schemas/Model` points to. */
function pointedTo(reference: string): unknown {
  return reference
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null
          ? Object.entries(value).find(([key]) => key === name)?.[1]
          : undefined,
      document,
    );
}

test('every reference points to a schema', () => {
  const references = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1] ?? '');
  expect(references.length).toBeGreaterThan(20);
  for (const reference of new Set(references)) expect(pointedTo(reference), reference).toBeTypeOf('object');
});

test('ids, and pairs of method and path, are unique', () => {
  const ids = operations.map(({ id }) => id);
  const routes = operations.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(routes).size).toBe(routes.length);
});

describe.each(operations.filter(({ body }) => body !== undefined))('$id', ({ body }) => {
  test('has an example that its schema takes', () => {
    expect(body?.schema.safeParse(body.example)).toMatchObject({ success: true });
  });
});

test('x-continue stands where it acts: at texts that can be streamed', () => {
  const ids = operations.flatMap(({ id, parameters }) =>
    parameters?.some(({ name }) => name === 'x-continue') === true ? [id] : [],
  );
  expect(ids.toSorted()).toEqual(['createChatCompletion', 'createMessage', 'createResponse']);
});

test('path parameters stand in braces and are described', () => {
  expect(Object.keys(document['paths'] as object)).toEqual(
    expect.arrayContaining(['/v1/models/{model}', '/v1/requests/{id}', '/v1/chat/completions']),
  );
});

test('the page lists every operation and every error code', () => {
  const page = apiReferencePage({
    title: 'A <b>',
    baseUrl: 'https://gateway.example',
    language: 'curl',
    aside: '',
  });
  for (const { id } of operations) expect(page).toContain(`<section id="${id}">`);
  for (const code of Object.keys(ERRORS)) expect(page).toContain(`<code>${code}</code>`);
  expect(page).toContain('API reference · A &#60;b&#62;');
  expect(page).toContain('<td><code>messages</code></td><td>list, needed</td>');
  expect(page).not.toContain('undefined');
  expect(page).not.toContain('<script');
});
