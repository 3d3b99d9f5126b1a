/** The environment of this process, for programs that it starts. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env };
}
