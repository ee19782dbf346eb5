/** The domains of all tenants, which the library lists in pages. */
import type { Tenancy } from '../../tenancy.ts'
import type { Domain } from '../../types.ts'

export async function allDomains(tenancy: Tenancy): Promise<Domain[]> {
  const all: Domain[] = []
  for (;;) {
    const page = await tenancy.domains.list(undefined, { limit: 1000, cursor: all.at(-1) })
    all.push(...page)
    if (page.length < 1000) return all
  }
}
