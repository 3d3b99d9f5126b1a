/** What the engine reads of a tool's JSON Schema. Anything else in it, and anything malformed, is passed over. */

export type ToolParameter = {
  name: string;
  isRequired: boolean;
  /** `undefined` when the schema gives none or several. */
  type: string | undefined;
  /** Empty when any value is allowed. Texts as they are, other values as JSON. */
  choices: string[];
};

export function toolParameters(schema: unknown): ToolParameter[] {
  const properties = isRecord(schema) && isRecord(schema['properties']) ? schema['properties'] : {};
  const required = isRecord(schema) && Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).map(([name, property]) => {
    const { type, enum: choices } = isRecord(property) ? property : {};
    return {
      name,
      isRequired: required.includes(name),
      type: typeof type === 'string' ? type : undefined,
      choices: Array.isArray(choices) ? choices.map(choiceText) : [],
    };
  });
}

function choiceText(choice: unknown): string {
  return typeof choice === 'string' ? choice : JSON.stringify(choice);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
