/** A page of tenants. */
import { isTenancyError, type Tenant, type TenantOrder } from 'partywall'
import * as z from 'zod'
import type { AnyTenancy } from '../parts.ts'
import type { BriefAnswer, ListAnswer, May, TenantEntry } from './api.ts'
import { catalogOf, readEntries } from './catalog.ts'
import { countsSql, type CountRow } from './facts-sql.ts'
import { factsOf, type Facts } from './facts.ts'
import { Refused } from './problem.ts'

const pageSize = 50

const statuses = ['pending', 'provisioning', 'active', 'suspended', 'maintenance', 'archived', 'deleting', 'failed'] as const

/** From an address, where anything may stand. */
export const listQuery = z.object({
  search: z
    .string()
    .max(255)
    .transform((text) => text.replaceAll('\0', '').trim())
    .optional(),
  status: z.enum(statuses).optional(),
  kind: z.string().min(1).max(100).optional(),
  sort: z.enum(['schema', '-schema', 'name', '-name', 'createdAt', '-createdAt']).default('schema'),
  after: z.uuid().optional(),
  before: z.uuid().optional(),
  brief: z.literal('1').optional(),
})

export async function listTenants(tenancy: AnyTenancy, query: z.infer<typeof listQuery>, may: May): Promise<ListAnswer> {
  const [page, counts] = await Promise.all([pageOf(tenancy, query), readEntries<CountRow>(catalogOf(tenancy), countsSql)])
  const { of, headProblem } = await factsOf(tenancy, page.tenants)
  return {
    items: page.tenants.map((tenant) => entryOf(tenant, of.get(tenant.id))),
    ...(page.hasPrevious && { previous: page.tenants[0]!.id }),
    ...(page.hasNext && { next: page.tenants.at(-1)!.id }),
    counts: {
      all: counts.reduce((sum, { tenants }) => sum + tenants, 0),
      status: sums(counts, ({ status }) => status),
      kinds: sums(counts, ({ kind }) => kind),
    },
    ...(headProblem !== undefined && { headProblem }),
    countsUsage: tenancy.options.usage !== undefined,
    may,
  }
}

/** Names alone, for a selector that asks at each key. */
export async function listNames(tenancy: AnyTenancy, query: z.infer<typeof listQuery>): Promise<BriefAnswer> {
  const { tenants } = await pageOf(tenancy, query)
  return { items: tenants.slice(0, 20).map(({ schema, name }) => ({ schema, name })) }
}

interface Page {
  readonly tenants: readonly Tenant<any>[]
  readonly hasPrevious: boolean
  readonly hasNext: boolean
}

/** A page in front of a tenant is read in the opposite order. */
async function pageOf(tenancy: AnyTenancy, query: z.infer<typeof listQuery>): Promise<Page> {
  const { search, status, kind, sort, after, before } = query
  const isBackward = before !== undefined
  const cursor = before ?? after
  const turned = (sort.startsWith('-') ? sort.slice(1) : `-${sort}`) as TenantOrder
  try {
    const found = await tenancy.tenants.list({
      limit: pageSize + 1,
      orderBy: isBackward ? turned : sort,
      ...(search && { search }),
      ...(status && { status }),
      ...(kind && { kinds: kind }),
      ...(cursor && { cursor: { id: cursor } }),
    })
    const hasMore = found.length > pageSize
    const tenants = found.slice(0, pageSize)
    if (tenants.length === 0) return { tenants, hasPrevious: false, hasNext: false }
    if (isBackward) return { tenants: tenants.toReversed(), hasPrevious: hasMore, hasNext: true }
    return { tenants, hasPrevious: after !== undefined, hasNext: hasMore }
  } catch (error) {
    if (cursor === undefined || !isTenancyError(error, 'UNKNOWN_TENANT')) throw error
    throw new Refused(
      404,
      'BAD_CURSOR',
      'This page is gone',
      'The tenant that this page begins at was deleted. Begin with the first page.',
    )
  }
}

/** What a list shows: no attributes, because they may hold secrets. */
export function entryOf(tenant: Tenant<any>, facts: Facts | undefined): TenantEntry {
  const { id, schema, name, kind, status, createdAt, expiresAt, archivedSchema } = tenant
  const { names: _, ...head } = facts?.head ?? { names: [], applied: 0, pending: 0, ahead: 0 }
  return {
    id,
    schema,
    name,
    kind,
    status,
    createdAt: createdAt.toISOString(),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    ...(archivedSchema !== undefined && { formerSchema: archivedSchema }),
    ...(facts?.bytes !== undefined && { bytes: facts.bytes }),
    ...(facts?.head && { head }),
    ...(facts?.lastActivity && { lastActivity: facts.lastActivity }),
    ...(facts?.domain !== undefined && { domain: facts.domain }),
    domains: facts?.domains ?? 0,
  }
}

function sums(counts: readonly CountRow[], keyOf: (count: CountRow) => string): Record<string, number> {
  const found = new Map<string, number>()
  for (const count of counts) found.set(keyOf(count), (found.get(keyOf(count)) ?? 0) + count.tenants)
  return Object.fromEntries(found)
}
