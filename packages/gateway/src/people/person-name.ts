const NAME_MAX_CHARS = 100;

/**
 * A name as people may have: one line of at most 100 characters. Control characters and those that turn the direction of
 * text around are dropped, since names stand in lists, mails and terminals of others. The two joiners stay: languages and
 * emoji need them. May be empty.
 */
export function cleanName(name: string): string {
  const line = name
    .slice(0, 4 * NAME_MAX_CHARS)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/(?![\u200c\u200d])\p{Cf}/gu, '');
  return Array.from(line).slice(0, NAME_MAX_CHARS).join('').trim();
}
