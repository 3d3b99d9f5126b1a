const TOKEN = /\s*(\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+|[-+*/%^()])/gy;
const LENGTH_MAX = 500;
const DEPTH_MAX = 50;
/** Beyond these a fraction holds the noise of its binary form: 12 * 4.35 is 52.199999999999996. */
const DIGITS = 15;

/** The value of an expression of numbers, + - * / % ^ and brackets, as text; a sentence where it is none. Never `eval`. */
export function calculate(expression: string): string {
  const tokens = expression.length > LENGTH_MAX ? undefined : tokensOf(expression);
  const value = tokens === undefined ? undefined : evaluate(tokens);
  if (value === undefined) return 'This is no arithmetic expression.';
  if (!Number.isFinite(value)) return 'The result is no finite number.';
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS)));
}

function tokensOf(text: string): string[] | undefined {
  const trimmed = text.trim().replaceAll('×', '*').replaceAll('÷', '/');
  const found = [...trimmed.matchAll(TOKEN)];
  const length = found.reduce((sum, [whole]) => sum + whole.length, 0);
  return length === trimmed.length && length > 0 ? found.map(([, token = '']) => token) : undefined;
}

/** Reads the tokens by their ranks: sums, products, signs, powers, atoms. */
function evaluate(tokens: readonly string[]): number | undefined {
  let at = 0;
  let depth = 0;
  const take = (...wanted: readonly string[]): string | undefined => {
    const token = tokens[at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    at += 1;
    return token;
  };
  const chain = (next: () => number, ...operators: readonly string[]): number => {
    let value = next();
    for (let sign = take(...operators); sign !== undefined; sign = take(...operators))
      value = apply(sign, value, next());
    return value;
  };
  const sum = (): number => chain(product, '+', '-');
  const product = (): number => chain(signed, '*', '/', '%');
  const signed = (): number => {
    depth += 1;
    if (depth > DEPTH_MAX) return Number.NaN;
    const sign = take('-', '+');
    const value = sign === undefined ? power() : signed();
    depth -= 1;
    return sign === '-' ? -value : value;
  };
  const power = (): number => {
    const base = atom();
    return take('^') === undefined ? base : base ** signed();
  };
  const atom = (): number => {
    if (take('(') !== undefined) {
      const value = sum();
      return take(')') === undefined ? Number.NaN : value;
    }
    const token = tokens[at] ?? '';
    at += 1;
    return /^[\d.]/.test(token) ? Number(token) : Number.NaN;
  };
  const value = sum();
  return at === tokens.length && !Number.isNaN(value) ? value : undefined;
}

function apply(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return left % right;
  }
}
