/** What is known of the tenants of a page beside their rows: domains, last activity, size, migrations. Costs the same few statements for one tenant and for fifty. */
import { tenancyErrorOf, type Tenant } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { ActivityAnswer, HeadAnswer } from './api.ts'
import { catalogOf, readEntries } from './catalog.ts'
import { factsSql, sizesSql, type FactRow, type SizeRow } from './facts-sql.ts'

export interface Facts {
  readonly version: string
  readonly domain?: string
  readonly domains: number
  readonly lastActivity?: ActivityAnswer
  readonly bytes?: number
  readonly tables?: number
  readonly head?: HeadAnswer & { readonly names: readonly string[] }
}

export interface FactsOfMany {
  readonly of: ReadonlyMap<string, Facts>
  readonly headProblem?: string
}

export async function factsOf(tenancy: AnyTenancy, tenants: readonly Tenant<any>[]): Promise<FactsOfMany> {
  if (tenants.length === 0) return { of: new Map() }
  const [rows, sizes] = await Promise.all([
    readEntries<FactRow>(catalogOf(tenancy), factsSql(tenants.map(({ id }) => id))),
    sizesOf(tenancy, tenants),
  ])
  const byId = new Map(rows.map((row) => [row.id, row]))
  const { heads, problem } = await headsOf(tenancy, tenants, byId)
  const facts = tenants.flatMap(({ id, schema }): [string, Facts][] => {
    const row = byId.get(id)
    if (row === undefined) return []
    const size = sizes.get(schema)
    const head = heads.get(
      headKey(
        tenants.find((tenant) => tenant.id === id)!,
        row,
      ),
    )
    const lastActivity = activityOf(row)
    return [
      [
        id,
        {
          version: row.revision,
          domains: row.domains,
          ...(row.domain !== null && { domain: row.domain }),
          ...(lastActivity && { lastActivity }),
          ...(size && { bytes: size.bytes, tables: size.tables }),
          ...(head && { head }),
        },
      ],
    ]
  })
  return { of: new Map(facts), ...(problem !== undefined && { headProblem: problem }) }
}

function activityOf({ action, actedAt, usedAt }: FactRow): ActivityAnswer | undefined {
  if (usedAt !== null && usedAt >= (actedAt ?? 0)) return { at: new Date(usedAt).toISOString(), what: 'used' }
  return action === null || actedAt === null ? undefined : { at: new Date(actedAt).toISOString(), what: action }
}

/** A table that a migration holds is not waited for: its page comes without sizes. */
const lockLimitMs = 150
const sizeLimitMs = 1500

async function sizesOf(tenancy: AnyTenancy, tenants: readonly Tenant<any>[]): Promise<ReadonlyMap<string, SizeRow>> {
  try {
    const sizes = await catalogOf(tenancy).transaction(async (transaction) => {
      await transaction.query({ text: `set local lock_timeout = ${lockLimitMs}` })
      await transaction.query({ text: `set local statement_timeout = ${sizeLimitMs}` })
      return readEntries<SizeRow>(transaction, sizesSql(tenants.map(({ schema }) => schema)))
    })
    return new Map(sizes.map((size) => [size.schema, size]))
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code === '55P03' || code === '57014') return new Map()
    throw error
  }
}

/** Tenants of one kind with one digest have the same history, so one of them is asked for all. */
function headKey({ kind }: Tenant<any>, { digest }: FactRow): string {
  return `${kind} ${digest ?? ''}`
}

/** Different histories on one page that are looked at. */
const mostHistories = 20

async function headsOf(
  tenancy: AnyTenancy,
  tenants: readonly Tenant<any>[],
  rows: ReadonlyMap<string, FactRow>,
): Promise<{ readonly heads: ReadonlyMap<string, NonNullable<Facts['head']>>; readonly problem?: string }> {
  const askedFor = new Map<string, string>()
  for (const tenant of tenants) {
    const row = rows.get(tenant.id)
    if (row !== undefined && row.digest !== null && askedFor.size < mostHistories) askedFor.set(headKey(tenant, row), tenant.id)
  }
  if (askedFor.size === 0) return { heads: new Map() }
  try {
    const statuses = await tenancy.migrations.status({ tenants: [...askedFor.values()].map((id) => ({ id })) })
    const byId = new Map(statuses.map((status) => [status.tenantId, status]))
    const heads = [...askedFor].flatMap(([key, id]) => {
      const status = byId.get(id)
      if (status === undefined) return []
      const { head, applied, pending, ahead, problem } = status
      return [
        [
          key,
          {
            ...(head !== undefined && { name: head }),
            applied,
            pending: pending.length,
            ahead: ahead.length,
            names: pending,
            ...(problem !== undefined && {
              problem: tenancyErrorOf(problem)?.summary ?? 'Its migrations need a person.',
            }),
          },
        ] as const,
      ]
    })
    return { heads: new Map(heads) }
  } catch (error) {
    // The tenants are shown although the files of the migrations cannot be read.
    const refusal = tenancyErrorOf(error)
    if (refusal === undefined || refusal.code === 'DATABASE_UNREACHABLE') throw error
    return { heads: new Map(), problem: refusal.summary }
  }
}
