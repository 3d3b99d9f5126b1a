/** What the command line says. Everything else comes from the configuration file, the environment or defaults. */
export type ConnectOptions = {
  gateway?: string;
  token?: string;
  tokenFile?: string;
  configFile?: string;
  /** As written: `demo`, `ollama`, `openai=URL`, `gguf=FILE`. */
  engines: string[];
  /** As written: `alias=local` or `name`. */
  models: string[];
  /** As written. */
  slots?: string;
  allowLan: boolean;
  isPrivate: boolean;
  /** As written: `22:00-07:00`. */
  hours?: string;
  yieldsToLocalUse: boolean;
  /** Models are not measured. */
  noBench: boolean;
  json: boolean;
  /** The program that started this one holds its standard input open; when it dies, the connector shall end too. */
  endsWithStdin: boolean;
};
