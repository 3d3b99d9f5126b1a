/** Bounds of passwords. The upper one keeps the work of hashing bounded. */
export const PASSWORD_MIN_CHARS = 10;
export const PASSWORD_MAX_CHARS = 128;
