import { useQuery } from '@tanstack/vue-query'
import type { Place } from '../../src/api/schemas/session.ts'
import { getJson } from '../api/fetch.ts'

/** The name of the company, before anyone has signed in. */
export function usePlace() {
  return useQuery({
    queryKey: ['place'],
    queryFn: ({ signal }) => getJson<Place>('/api/place', signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
}
