/** Who is signed in. The cookie of the session is out of reach of this script; the server says who it is. */
import { useQuery, type QueryClient } from '@tanstack/vue-query'
import { computed, ref, type ComputedRef } from 'vue'
import type { Permission, Session } from '../../src/api/schemas/session.ts'
import { getJson } from '../api/fetch.ts'

export const sessionQuery = {
  queryKey: ['session'],
  queryFn: ({ signal }: { signal: AbortSignal }) => getJson<Session>('/api/session', signal),
  staleTime: 60_000,
}

/** Whether the tenant is suspended: then there is one page, wherever the address leads. */
export const isSuspended = ref(false)

/** For pages that need a session: the router has read it before it shows them. */
export function useSession(): { readonly session: ComputedRef<Session>; may(permission: Permission): boolean } {
  const { data } = useQuery(sessionQuery)
  let last = data.value!
  // Between the sign-out and the next page the page that is left still asks.
  const session = computed(() => (last = data.value ?? last))
  return { session, may: (permission) => session.value.can.includes(permission) }
}

/** Nothing of one session may be shown in the next. */
export function forget(queries: QueryClient): void {
  queries.clear()
}
