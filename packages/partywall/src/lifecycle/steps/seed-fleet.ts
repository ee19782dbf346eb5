/** tenancy.seed: runs seeds in tenants that exist, each once for each tenant. */
import { assertMayMove } from '../../catalog/tenants/moves.ts'
import { checkedSelection } from '../../catalog/tenants/selection.ts'
import { TenancyError } from '../../errors.ts'
import { forEachTenant, type ForEachOptions } from '../../fleet/for-each.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { sourceOfKind } from '../../migrations/sources/sources.ts'
import type { FleetEntry, FleetReport, Tenant, TenantSelection } from '../../types.ts'
import { runStep } from './run-step.ts'
import { readSeeds } from './seed-folder.ts'
import type { SeedBody } from './step.ts'
import { stepsLock } from './steps-lock.ts'
import { connectionsOfTenant, type Besides, type StepsParts } from './steps-parts.ts'
import { insertStepsSql } from './steps-sql.ts'

export interface SeedOptions extends Omit<ForEachOptions, 'tenants' | 'repair'> {
  /** These tenants; `true` for all of the status. Must be given: seeds change tenants. */
  readonly tenants: NonNullable<TenantSelection['tenants']>
  /** The sub-folder of seeds to run. @default the seeds that every new tenant gets */
  readonly set?: string | undefined
  /** Also runs those that are done. @default false */
  readonly again?: boolean | undefined
}

export interface SeedEntry extends FleetEntry {
  /** The names of the seeds that this call ran, in order; also in a tenant that failed later. */
  readonly seeds: readonly string[]
}

export async function seedFleet<A extends object>(parts: StepsParts<A>, options: SeedOptions): Promise<FleetReport<SeedEntry>> {
  assertKnownKeys('seed', options, ['tenants', 'kinds', 'status', 'concurrency', 'onFailure', 'set', 'again'])
  const { set, again = false, concurrency = 4, ...rest } = options
  assertTenantsGiven(options)
  const seeds = await readSeeds(parts.options.seeds, set)
  const ran = new Map<string, string[]>()
  const select = async (selection: TenantSelection): Promise<Tenant<A>[]> => {
    const checked = checkedSelection('seed', selection, ['active'])
    for (const kind of checked.kinds ?? []) sourceOfKind(parts.sources, kind)
    return parts.tenants.select(checked, true)
  }
  const report = await parts.besides(connectionsOfTenant * Math.max(1, Math.floor(Number(concurrency)) || 1), (besides) =>
    forEachTenant<A>(
      { select },
      (tenant) => {
        const names: string[] = []
        ran.set(tenant.id, names)
        return seedOne(parts, besides, tenant, { set, again, seeds, names })
      },
      { ...rest, concurrency },
    ),
  )
  return {
    ...report,
    entries: report.entries.map((entry) => ({ ...entry, seeds: ran.get(entry.tenantId!) ?? [] })),
  }
}

interface Work {
  readonly set: string | undefined
  readonly again: boolean
  readonly seeds: readonly SeedBody[]
  /** Of those that have run. */
  readonly names: string[]
}

async function seedOne<A extends object>(
  parts: StepsParts<A>,
  besides: Besides,
  tenant: Tenant<A>,
  { set, again, seeds, names }: Work,
): Promise<void> {
  assertMayMove(tenant, 'seed')
  await parts.entry.assertMayEnter(tenant, { allowInactive: true })
  if (seeds.length === 0) return
  await stepsLock(besides, tenant, async () => {
    const steps = seeds.map(({ name }) => ({ name, kind: 'seed' }) as const)
    await parts.catalog.query(insertStepsSql(tenant.id, set, steps))
    for (const body of seeds) {
      parts.signal.throwIfAborted()
      const { hasRun } = await runStep(parts, { tenant, body, besides, again })
      if (hasRun) names.push(body.name)
    }
  })
}

function assertTenantsGiven({ tenants, again, set }: SeedOptions): void {
  const problem =
    tenants === undefined
      ? ['tenants', 'must name the tenants, or be true for all']
      : again !== undefined && typeof again !== 'boolean'
        ? ['again', 'must be true or false']
        : undefined
  if (problem === undefined) return
  const [option, allowed] = problem as [string, string]
  throw new TenancyError('INVALID_ARGUMENT', `"${option}" of seed ${allowed}.`, {
    details: { option, what: `seed ${set ?? ''}`.trim() },
  })
}
