/**
 * One small IndexedDB database with one store of records, for what a person makes here and nobody else keeps. Each
 * person has their own, so that the next one at this computer finds nothing of it. To clear it is to delete it.
 */
export type Records<Value extends { id: string }> = {
  all: () => Promise<Value[]>;
  put: (value: Value) => Promise<void>;
  remove: (id: string) => Promise<void>;
  /** Deletes the whole database. It is made anew when something is put. */
  clear: () => Promise<void>;
};

const STORE = 'records';
const VERSION = 1;

/** `name`: what it holds. Opens with the first use; every operation fails where the browser has no storage for us. */
export function openRecords<Value extends { id: string }>(name: string, personId: string): Records<Value> {
  const fullName = `${name}:${personId}`;
  let opened: Promise<IDBDatabase> | undefined;
  const close = async () => {
    const database = await opened?.catch(() => undefined);
    opened = undefined;
    database?.close();
  };
  const open = () => {
    opened ??= openDatabase(fullName, () => (opened = undefined));
    return opened;
  };
  const run = async <Answer>(
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<Answer>,
  ): Promise<Answer> => {
    const transaction = (await open()).transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    await settled(transaction);
    return request.result;
  };
  return {
    // Only this file writes the records, always as `Value`.
    all: async () => (await run('readonly', (store) => store.getAll())) as Value[],
    put: async (value) => {
      await run('readwrite', (store) => store.put(value));
    },
    remove: async (id) => {
      await run('readwrite', (store) => store.delete(id));
    },
    clear: async () => {
      await close();
      await answered(indexedDB.deleteDatabase(fullName));
    },
  };
}

async function openDatabase(name: string, onClosed: () => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name, VERSION);
  request.addEventListener('upgradeneeded', () => {
    request.result.createObjectStore(STORE, { keyPath: 'id' });
  });
  const database = await answered(request);
  // Another tab clears: let go, so that it can.
  database.addEventListener('versionchange', () => {
    database.close();
    onClosed();
  });
  database.addEventListener('close', onClosed);
  return database;
}

function answered<Answer>(request: IDBRequest<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(failure(request.error)));
  });
}

/** A change is on disk when its transaction is complete, not when its request is. */
function settled(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(failure(transaction.error)));
    transaction.addEventListener('error', () => reject(failure(transaction.error)));
  });
}

function failure(error: DOMException | null): Error {
  return error ?? new DOMException('The storage of this browser did not work.', 'UnknownError');
}
