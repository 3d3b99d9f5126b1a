import { isJsonObject, tryParseJson } from '../json-body.ts';

/**
 * The `input` of a call in Anthropic's dialect, as JSON text: the model's own text, byte for byte, so that no number
 * loses a digit. It must be an object there. Arguments that are none (a cut or broken answer) are not dropped, since a
 * tool must not run as if it had been called without any: they become the one member `INVALID_JSON`, which no tool's
 * schema knows. The name is the one that Anthropic's page on fine-grained tool streaming proposes, read 2026-11-21.
 */
export function toolInputJson(argumentsText: string): string {
  if (argumentsText.trim() === '') return '{}';
  return isJsonObject(tryParseJson(argumentsText))
    ? argumentsText
    : JSON.stringify({ INVALID_JSON: argumentsText });
}
