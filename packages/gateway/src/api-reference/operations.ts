import { accountOperations } from './account-operations.ts';
import { imageOperations } from './image-operations.ts';
import type { Operation } from './operation.ts';
import { textOperations } from './text-operations.ts';

/** Every operation that callers have, in the order of the reference. A test holds it against the route table. */
export const operations: readonly Operation[] = [...textOperations, ...imageOperations, ...accountOperations];
