/**
 * `tenancy.boundary`: makes the rights of a whole fleet as the configuration says, while applications run. What is different is found by comparing
 * the rights themselves, so a run that was killed is continued by the next one, and a run with nothing to do changes nothing.
 *
 * First the new boundary is added; `finish` then takes what only the old one needs. Between the two, processes of both configurations work.
 */
import { recordAction } from '../../catalog/audit/record.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Access } from '../../catalog/roles/access.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'
import { statusOfMigrated } from '../../catalog/tenants/moves.ts'
import { checkedSelection } from '../../catalog/tenants/selection.ts'
import { boundaryOf, needsRoles } from '../../config/boundary-option.ts'
import type { Options } from '../../config/options.ts'
import { TenancyError } from '../../errors.ts'
import { makeReport } from '../../fleet/report.ts'
import { work } from '../../fleet/schedule.ts'
import { provisioningLock } from '../../migrations/plan/targets.ts'
import { catalogSchema } from '../../names/identifier.ts'
import { tenantRole } from '../../names/role-name.ts'
import type { Connections, Database } from '../../ports/database.ts'
import { readJson } from '../../sql/json-rows.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { schemaExistsSql, transactionLockSql } from '../../sql/schema-sql.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import { checkedBoundaryOptions, type BoundaryOptions, type CheckedBoundaryOptions } from './boundary-options.ts'
import { explained, otherBoundary, schemaMissing, stillLacks } from './boundary-errors.ts'
import type { BoundaryEntry, BoundaryReport, BoundaryStatus, ForeignGrant, WallState } from './boundary-report.ts'
import { changeWall, type WallChange } from './change-wall.ts'
import { giveFixed, ownFixed, takeFixed } from './fixed-rights.ts'
import { readFleet } from './fleet.ts'
import type { FleetMember } from './fleet-sql.ts'
import { foreignGrantsSql } from './foreign-grants-sql.ts'
import { keepSetConfig, missingGuards } from './guards.ts'
import { readWalls, type Wall } from './walls.ts'

export interface BoundaryParts {
  readonly catalog: Catalog
  /** Connections of the deploy role, also where the catalog cannot be used yet. */
  readonly deploy: Database
  readonly access: Access
  readonly options: Pick<Options, 'boundary' | 'sharedSchema' | 'extraSearchPath' | 'shared'>
}

type Direction = 'upgrade' | 'downgrade'

const actions = { upgrade: 'boundary.upgraded', downgrade: 'boundary.downgraded' } as const

const everyStatus = [...statusOfMigrated, 'archived'] as const
const mostListed = 100
const mostTries = 6

export class BoundaryWork {
  readonly #parts: BoundaryParts

  constructor(parts: BoundaryParts) {
    this.#parts = parts
  }

  async status(): Promise<BoundaryStatus> {
    const { deploy, access, options } = this.#parts
    await this.#installIfMissing()
    const names = await access.names(deploy)
    const tenants = await this.#select('boundary.status', {})
    const walls = await readWalls(deploy, names, options.boundary, tenants)
    const counts: Partial<Record<Wall['boundary'], Record<WallState, number>>> = {}
    for (const wall of walls) (counts[wall.boundary] ??= { ready: 0, unfinished: 0, lacking: 0 })[stateOf(wall)] += 1
    const notReady = walls
      .filter((wall) => stateOf(wall) !== 'ready')
      .slice(0, mostListed)
      .map((wall) => ({ schema: wall.tenant.schema, boundary: wall.boundary, state: stateOf(wall), lacks: wall.lacks }))
    const asked = [tenants.map(({ schema }) => schema), tenants.map(({ id }) => tenantRole(id))] as const
    const foreignGrants = await readJson<ForeignGrant>(deploy, foreignGrantsSql(...asked, names, mostListed))
    return {
      counts,
      notReady,
      foreignGrants,
      missingGuards: needsRoles(options.boundary) ? await missingGuards(deploy, names) : [],
    }
  }

  async run(direction: Direction, given: BoundaryOptions): Promise<BoundaryReport> {
    const what = `boundary.${direction}`
    const options = checkedBoundaryOptions(what, given)
    const started = performance.now()
    const { access, deploy } = this.#parts
    this.#assertConfigured(direction)
    await this.#installIfMissing()
    const names = await access.names(deploy)
    if (!options.dryRun) await this.#prepare(names)
    const entries = new Map<string, BoundaryEntry>()
    const seen = new Set<string>()
    await deploy.connections(options.concurrency, async (connections) => {
      // A process with the other boundary may create a tenant meanwhile.
      for (;;) {
        const tenants = (await this.#selectFor(direction, what, options)).filter(({ id }) => !seen.has(id))
        if (tenants.length === 0) break
        for (const { id } of tenants) seen.add(id)
        await this.#change(connections, tenants, names, options, entries)
        if (options.dryRun || given.tenants !== undefined) break
        await deploy.query(transactionLockSql(provisioningLock))
      }
    })
    const inOrder = [...entries.values()].toSorted((one, other) => (one.target < other.target ? -1 : 1))
    const report = makeReport(inOrder, performance.now() - started)
    if (report.ok && !options.dryRun) await this.#end(direction, names, options, given)
    return Object.freeze({
      ...report,
      unchanged: seen.size - report.entries.length,
      missingGuards: needsRoles(this.#parts.options.boundary) ? await missingGuards(deploy, names) : [],
    })
  }

  /** Before the first use of the catalog: its statements may run as a role that does not exist yet. */
  async #prepare(names: RoleNames): Promise<void> {
    const { deploy, access, options, catalog } = this.#parts
    try {
      await deploy.transaction((transaction) => ownFixed(transaction, options, names))
      await catalog.ready()
      await deploy.transaction((transaction) => giveFixed(transaction, access, names))
    } catch (error) {
      throw explainPrivilege(
        error,
        'make the roles of this database',
        'Give the role of the option "database.deploy" the right to create roles, and let it own the catalog and the shared tables.',
      )
    }
  }

  async #installIfMissing(): Promise<void> {
    // As the first use of every call does. A catalog that cannot be read yet is there: its rights are what is about to be given.
    const { catalog, deploy } = this.#parts
    if ((await deploy.query(schemaExistsSql(catalogSchema))).rows.length === 0) await catalog.ready()
  }

  async #change(
    connections: Connections,
    tenants: readonly FleetMember[],
    names: RoleNames,
    options: CheckedBoundaryOptions,
    entries: Map<string, BoundaryEntry>,
  ): Promise<void> {
    const { deploy, options: configured } = this.#parts
    const isToDo = ({ lacks, hasLeft }: Wall): boolean => lacks.length > 0 || (options.finish && hasLeft)
    const walls = (await readWalls(deploy, names, configured.boundary, tenants)).filter(isToDo)
    const note = (wall: Wall, state: BoundaryEntry['state'], durationMs: number, more: object = {}): void =>
      void entries.set(wall.tenant.id, {
        target: wall.tenant.schema,
        tenantId: wall.tenant.id,
        boundary: wall.boundary,
        state,
        lacked: wall.lacks,
        durationMs,
        ...more,
      })
    if (options.dryRun) {
      for (const wall of walls) note(wall, 'skipped', 0)
      return
    }
    const done: Wall[] = []
    await work(walls, {
      size: connections.size,
      skip: (wall) => note(wall, 'skipped', 0),
      attempt: async (item, tries) => {
        const begun = performance.now()
        let wall = item
        try {
          // What was in the way may have been another copy of this run, which has done the work.
          if (tries > 0) wall = (await readWalls(deploy, names, configured.boundary, [item.tenant]))[0]!
          if (!isToDo(wall)) return { end: 'done' }
          if (wall.lacks.includes('schema')) throw schemaMissing(wall.tenant.schema)
          const change = await connections.transaction(async (transaction) => {
            const changed = await changeWall(transaction, wall, this.#parts.access, names, options)
            const { tenant, boundary, lacks } = wall
            const action = actions[boundary === 'path' ? 'downgrade' : 'upgrade']
            await recordAction(transaction, {
              action,
              tenant,
              object: tenant.schema,
              details: { lacked: lacks, finish: options.finish },
            })
            return changed
          })
          note(wall, 'done', performance.now() - begun, withoutEmpty(change))
          done.push(wall)
          return { end: 'done' }
        } catch (error) {
          if (tries + 1 < mostTries && mayPass(error)) return { retry: wall, afterMs: 200 * (tries + 1) * (0.5 + Math.random()) }
          const { schema, id } = wall.tenant
          const reason = await explained(error, { schema, role: tenantRole(id), deploy: names.deploy }, deploy)
          note(wall, 'failed', performance.now() - begun, { error: reason })
          return { end: 'failed' }
        }
      },
    })
    await this.#verify(done, names, options.finish, entries)
  }

  /** What a statement could not change, such as a grant of another role, is not reported as done. */
  async #verify(done: readonly Wall[], names: RoleNames, finish: boolean, entries: Map<string, BoundaryEntry>): Promise<void> {
    const { deploy, options } = this.#parts
    const tenants = done.map(({ tenant }) => tenant)
    for (const { tenant, lacks, hasLeft } of await readWalls(deploy, names, options.boundary, tenants)) {
      if (lacks.length === 0 && !(finish && hasLeft)) continue
      const entry = entries.get(tenant.id)!
      entries.set(tenant.id, {
        ...entry,
        state: 'failed',
        error: stillLacks(tenant.schema, lacks.length > 0 ? lacks : ['rights of the other boundary'], entry.notOwned),
      })
    }
  }

  /** After all tenants: what belongs to none of them. */
  async #end(direction: Direction, names: RoleNames, { finish }: CheckedBoundaryOptions, given: BoundaryOptions): Promise<void> {
    const { deploy, options } = this.#parts
    const isForAll = given.tenants === undefined && given.kinds === undefined && given.status === undefined
    await deploy.transaction(async (transaction) => {
      if (finish && isForAll && (await takeFixed(transaction, options, names)))
        await recordAction(transaction, { action: actions[direction], details: { finish } })
      if (direction === 'upgrade') await keepSetConfig(transaction, names)
    })
  }

  async #selectFor(direction: Direction, what: string, { selection }: CheckedBoundaryOptions): Promise<FleetMember[]> {
    const { options } = this.#parts
    const tenants = await this.#select(what, selection)
    const isMeant = (tenant: FleetMember): boolean =>
      (boundaryOf(options.boundary, tenant) === 'path') === (direction === 'downgrade')
    const wrong = selection.tenants === undefined ? undefined : tenants.find((tenant) => !isMeant(tenant))
    if (wrong !== undefined) throw otherBoundary(direction, wrong.schema, boundaryOf(options.boundary, wrong))
    return tenants.filter(isMeant)
  }

  async #select(what: string, selection: CheckedBoundaryOptions['selection']): Promise<FleetMember[]> {
    const checked = checkedSelection(what, selection, everyStatus)
    try {
      return await readFleet(this.#parts.deploy, checked)
    } catch (error) {
      throw explainPrivilege(
        error,
        'read the tenants in the catalog (the schema partywall)',
        'Set the option "database.deploy" to the role that owns the catalog.',
      )
    }
  }

  /** The configuration is what counts: a tenant that is changed against it would be refused to every process that has it. */
  #assertConfigured(direction: Direction): void {
    const { boundary } = this.#parts.options
    const all = [boundary.default, ...Object.values(boundary.kinds), ...Object.values(boundary.tenants)]
    if (all.some((one) => (one === 'path') === (direction === 'downgrade'))) return
    const [wanted, is] = direction === 'upgrade' ? [`'role'`, `'path'`] : [`'path'`, `'role' or 'login'`]
    throw new TenancyError(
      'INVALID_OPTION',
      `The option "boundary" is ${is} for every tenant, so there is nothing to ${direction}. Run this with the configuration that the next version ` +
        `of the application has, e.g. boundary: ${wanted}.`,
      { details: { option: 'boundary' } },
    )
  }
}

function stateOf({ lacks, hasLeft }: Wall): WallState {
  return lacks.length > 0 ? 'lacking' : hasLeft ? 'unfinished' : 'ready'
}

/** A lock that was not free, a deadlock, a row of a catalog that another transaction changed at the same time, a role that it made or dropped. */
function mayPass(error: unknown): boolean {
  const state = sqlStateOf(error)
  return (
    state === '55P03' ||
    state === '40P01' ||
    state === '40001' ||
    state === sqlState.duplicateObject ||
    state === sqlState.undefinedObject ||
    (state === 'XX000' && /concurrently/.test((error as Error).message))
  )
}

function withoutEmpty({ notOwned, usedBy }: WallChange): Pick<BoundaryEntry, 'notOwned' | 'usedBy'> {
  return { ...(notOwned.length > 0 && { notOwned }), ...(usedBy.length > 0 && { usedBy }) }
}
