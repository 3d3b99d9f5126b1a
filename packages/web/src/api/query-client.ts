import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './client.ts';

const RETRIES = 2;

/** The caches of one page load. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // What the server refused it will refuse again.
        retry: (count, error) => count < RETRIES && !(error instanceof ApiError && isRefusal(error.status)),
      },
    },
  });
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 429;
}
