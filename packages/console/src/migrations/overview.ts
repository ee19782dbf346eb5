/** How many schemas have which last migration. */
import { tenancyErrorOf, type MigrationStatus } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { HeadAnswer, OverviewAnswer } from './api.ts'
import { runErrorOf } from './errors.ts'
import { answerOf } from './read-run.ts'
import type { RunRegistry } from './run-registry.ts'

const mostExamples = 5
const mostProblems = 50

interface Standing {
  readonly status: MigrationStatus
  readonly kind: string | undefined
}

/** Costs the status of all schemas: two queries, and two more for each further kind of tenants. */
export async function readOverview(tenancy: AnyTenancy, registry: RunRegistry): Promise<OverviewAnswer> {
  const kinds = kindsOf(tenancy)
  const [all, warm, runs] = await Promise.all([
    readAll(tenancy, kinds),
    tenancy.warm.list(),
    tenancy.migrations.runs({ limit: 1 }),
  ])
  const broken = all.filter(({ status }) => status.problem !== undefined)
  const sound = all.filter(({ status }) => status.problem === undefined)
  const behind = sound.filter(({ status }) => status.pending.length > 0).length
  const ahead = sound.filter(({ status }) => status.pending.length === 0 && status.ahead.length > 0).length
  const [last] = runs
  return {
    heads: headsOf(sound),
    counts: { failed: broken.length, behind, ahead, atHead: sound.length - behind - ahead },
    problems: broken.slice(0, mostProblems).map(({ status: { target, tenantId, problem } }) => {
      const code = tenancyErrorOf(problem)?.code
      return {
        target,
        isTenant: tenantId !== undefined,
        ...(code !== undefined && { code }),
        message: runErrorOf(problem).message,
      }
    }),
    problemsLeft: Math.max(0, broken.length - mostProblems),
    kinds,
    warm: warm
      .filter(({ size, ready, others }) => size + ready + others > 0)
      .map(({ kind, size, ready, others }) => ({ kind, size, ready, others })),
    ...(last !== undefined && { last: answerOf(last, registry) }),
  }
}

function kindsOf(tenancy: AnyTenancy): string[] {
  return Object.keys(tenancy.options.migrations.tenant)
}

/** A status does not say of which kind its tenant is. Where there are several, they are asked for one by one. */
async function readAll({ migrations }: AnyTenancy, kinds: readonly string[]): Promise<Standing[]> {
  if (kinds.length === 1) {
    return (await migrations.status()).map((status) => ({ status, kind: status.target === 'shared' ? undefined : kinds[0] }))
  }
  const found: Standing[] = (await migrations.status({ shared: true })).map((status) => ({ status, kind: undefined }))
  for (const kind of kinds) found.push(...(await migrations.status({ kinds: kind })).map((status) => ({ status, kind })))
  return found
}

function headsOf(sound: readonly Standing[]): HeadAnswer[] {
  const keyOf = ({ status, kind }: Standing): string =>
    JSON.stringify([scopeOf(status), kind, status.head, status.applied, status.pending.length, status.ahead.length > 0])
  const heads = [...Map.groupBy(sound, keyOf).values()].map((alike): HeadAnswer => {
    const { status, kind } = alike[0]!
    return {
      scope: scopeOf(status),
      ...(kind !== undefined && { kind }),
      head: status.head ?? null,
      applied: status.applied,
      pending: status.pending.length,
      isAhead: status.ahead.length > 0,
      count: alike.length,
      examples: alike.slice(0, mostExamples).map((one) => one.status.target),
    }
  })
  const order = ['shared', 'tenants', 'template']
  return heads.toSorted(
    (a, b) =>
      order.indexOf(a.scope) - order.indexOf(b.scope) || (a.kind ?? '').localeCompare(b.kind ?? '') || b.applied - a.applied,
  )
}

function scopeOf({ target, tenantId }: MigrationStatus): HeadAnswer['scope'] {
  if (tenantId !== undefined) return 'tenants'
  return target === 'shared' ? 'shared' : 'template'
}
