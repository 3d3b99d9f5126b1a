export const CHROMIUM_VARIABLE: string;
export function chromiumPath(): string | undefined;
export function fetchChromium(): void;
