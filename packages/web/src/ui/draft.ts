import { useEffect, useState, type Dispatch, type SetStateAction } from 'react';

/**
 * Makes a state that outlives its page, so that who goes to add credit and comes back finds what they wrote. It is kept in
 * memory, for each person by themselves, until the tab is closed or loaded anew. `revived`: what of it comes back.
 */
export function createDraft<Value>(
  initial: Value,
  revived: (kept: Value) => Value = (kept) => kept,
): (personId: string) => [Value, Dispatch<SetStateAction<Value>>] {
  const drafts = new Map<string, Value>();
  return function useDraft(personId) {
    const [value, setValue] = useState<Value>(() => {
      const kept = drafts.get(personId);
      return kept === undefined ? initial : revived(kept);
    });
    useEffect(() => {
      drafts.set(personId, value);
    }, [personId, value]);
    return [value, setValue];
  };
}
