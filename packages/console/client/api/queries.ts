/** How long answers are kept, and when a request is tried again. */
import type { VueQueryPluginOptions } from '@tanstack/vue-query'
import { ApiError } from './fetch.ts'

export const queryOptions: VueQueryPluginOptions = {
  queryClientConfig: {
    defaultOptions: {
      queries: {
        staleTime: 5000,
        // What was refused is refused again.
        retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status < 500),
      },
    },
  },
}
