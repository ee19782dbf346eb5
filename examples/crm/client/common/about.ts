/** What a note, a task or a file is about: one record, or nothing. */
import type { RouteLocationRaw } from 'vue-router'

export interface About {
  readonly customerId?: number | null | undefined
  readonly leadId?: number | null | undefined
  readonly projectId?: number | null | undefined
}

function has(id: number | null | undefined): boolean {
  return id !== null && id !== undefined
}

/** Where the record is; undefined where it is about nothing. */
export function aboutPath({ customerId, leadId, projectId }: About): RouteLocationRaw | undefined {
  if (has(leadId)) return `/leads/${leadId}`
  if (has(projectId)) return `/projects/${projectId}`
  return has(customerId) ? `/customers/${customerId}` : undefined
}

export function aboutKind({ customerId, leadId, projectId }: About): string | undefined {
  if (has(leadId)) return 'Lead'
  if (has(projectId)) return 'Project'
  return has(customerId) ? 'Customer' : undefined
}
