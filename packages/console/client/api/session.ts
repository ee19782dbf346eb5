/** Who uses the console. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { Operator, Role } from '../../src/parts.ts'
import { roles } from '../../src/security/roles.ts'
import { getJson } from './fetch.ts'

export function useSession() {
  const { data: operator, error } = useQuery({
    queryKey: ['session'],
    queryFn: () => getJson<Operator & { readonly canSignOut: boolean }>('api/session'),
    staleTime: 60_000,
  })
  /** Whether the operator may do what needs this role. The server decides; this hides what it would refuse. */
  const may = (role: Role): boolean => operator.value !== undefined && roles.indexOf(operator.value.role) >= roles.indexOf(role)
  return { operator, error, may, isSignedIn: computed(() => operator.value !== undefined) }
}
