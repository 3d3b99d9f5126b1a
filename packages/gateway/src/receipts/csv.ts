/**
 * What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection", read 2026-11-20): the signs also in full width,
 * and behind blanks, which some drop.
 */
const FORMULA_START = /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/;

/**
 * Rows as CSV (RFC 4180): commas, CRLF, quotes where they are needed. Text that a spreadsheet would run as a formula gets
 * an apostrophe in front. Numbers are written as they are.
 */
export function csvText(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const safe = FORMULA_START.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
