const TEXTS_MAX = 16;

/**
 * Makes a text once for each of few questions. For what anybody may ask for as often as they like and what takes long to
 * make: the time is that of everybody's requests.
 */
export function remembered<Question>(make: (question: Question) => string): (question: Question) => string {
  const texts = new Map<string, string>();
  return (question) => {
    const name = JSON.stringify(question);
    const known = texts.get(name);
    if (known !== undefined) return known;
    const text = make(question);
    if (texts.size >= TEXTS_MAX) texts.clear();
    texts.set(name, text);
    return text;
  };
}
