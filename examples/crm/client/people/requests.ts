import type { Invitation, Member } from '../../src/api/schemas/members.ts'
import { getJson } from '../api/fetch.ts'

export const membersQuery = {
  queryKey: ['members'],
  queryFn: ({ signal }: { signal: AbortSignal }) => getJson<{ items: Member[]; seats: number | null }>('/api/members', signal),
}
export const invitationsQuery = {
  queryKey: ['invitations'],
  queryFn: ({ signal }: { signal: AbortSignal }) => getJson<{ items: Invitation[] }>('/api/invitations', signal),
}
