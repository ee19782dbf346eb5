/**
 * Compares tenants with what their own histories give. The structures of all are read as fingerprints, in a few statements; only of those that differ
 * from what is expected, one of each fingerprint is read as a whole. Changes nothing.
 */
import type { BlueprintDifference } from '../../blueprint/blueprint-difference.ts'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { readBlueprints } from '../../blueprint/read-blueprint.ts'
import { repairsOf } from '../../blueprint/repair/repairs.ts'
import { readDigests } from '../../migrations/history/history.ts'
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Tenant } from '../../types.ts'
import { boundaryRolesOf } from '../structure/boundary-roles.ts'
import { differencesAlone, schemaMark } from '../structure/differences.ts'
import { structureAlone } from '../structure/structure-alone.ts'
import type { DriftEntry } from './drift-report.ts'
import { Expectations, type Expected, type ExpectationParts } from './expectations.ts'
import { isMoving, lockNotAvailable, readFleet, withoutWaiting, type TenantStructure } from './fleet-structures.ts'
import { majorityOf } from './majority.ts'
import { withSchemaName } from './schema-name.ts'

export interface DriftParts extends ExpectationParts {
  readonly tenants: Pick<Tenants<any>, 'select'>
}

/** Tenants with the same kind, history and fingerprint. */
type Alike = readonly (TenantStructure & { readonly digest: string; readonly fingerprint: string })[]

interface Standard extends Pick<DriftEntry, 'comparedWith' | 'reason'> {
  readonly fingerprint?: string
  readonly blueprint?: Blueprint
}

/**
 * @param isDrift whether a difference counts
 * @returns an entry for each tenant, in their order
 */
export async function compareTenants(
  parts: DriftParts,
  tenants: readonly Tenant<any>[],
  isDrift: (difference: BlueprintDifference) => boolean,
): Promise<readonly DriftEntry[]> {
  return new Comparison(parts, isDrift).entriesOf(tenants)
}

class Comparison {
  readonly #parts: DriftParts
  readonly #isDrift: (difference: BlueprintDifference) => boolean
  readonly #expectations: Expectations
  #boundaryRoles: readonly string[] = []

  constructor(parts: DriftParts, isDrift: (difference: BlueprintDifference) => boolean) {
    this.#parts = parts
    this.#isDrift = isDrift
    this.#expectations = new Expectations(parts)
  }

  async entriesOf(tenants: readonly Tenant<any>[]): Promise<readonly DriftEntry[]> {
    const { deploy, access } = this.#parts
    this.#boundaryRoles = await boundaryRolesOf(access, deploy)
    const entries = new Map<string, DriftEntry>()
    const comparable: Alike[number][] = []
    for (const structure of await readFleet(deploy, tenants)) {
      const { tenant, digest, fingerprint, reason } = structure
      if (digest === undefined || fingerprint === undefined) entries.set(tenant.id, entryOf(tenant, { reason: reason! }))
      else comparable.push({ ...structure, digest, fingerprint })
    }
    const histories = Map.groupBy(comparable, ({ tenant, digest }) => JSON.stringify([tenant.kind, digest]))
    for (const alike of histories.values()) await this.#compareHistory(alike, entries)
    return tenants.map(({ id }) => entries.get(id)!)
  }

  async #compareHistory(alike: Alike, entries: Map<string, DriftEntry>): Promise<void> {
    const standard = await this.#standardOf(alike)
    // Where a text has the name of the schema, the same text is right in one tenant, and leads another one to it.
    const hasNames = JSON.stringify(standard.blueprint ?? null).includes(schemaMark)
    const groups = [...Map.groupBy(alike, ({ tenant, fingerprint }) => (hasNames ? tenant.id : fingerprint)).values()]
    const { blueprint: expected } = standard
    const isEqual = (group: Alike): boolean => expected === undefined || group[0]!.fingerprint === standard.fingerprint
    const tell = (group: Alike, compared: Compared): void => {
      for (const { tenant } of group) entries.set(tenant.id, entryOf(tenant, compared))
    }
    for (const group of groups.filter(isEqual)) tell(group, { ...standard, differences: [] })
    const others = groups.filter((group) => !isEqual(group))
    for (let start = 0; start < others.length; start += atATime) {
      const some = others.slice(start, start + atATime)
      const compared = await this.#compare(standard, expected!, some)
      for (const [index, group] of some.entries()) tell(group, compared[index]!)
    }
  }

  async #standardOf(alike: Alike): Promise<Standard> {
    const { tenant, digest } = alike[0]!
    const expected = await this.#expectations.of(tenant.kind, digest)
    if (!('reason' in expected)) return standardFrom(expected)
    if (!expected.isKnownHistory) return { reason: expected.reason }
    const blueprint = await this.#majority(tenant.kind, digest)
    if (blueprint === undefined) {
      return {
        reason: `${expected.reason} No structure is that of most tenants with this history, so there is none to compare with.`,
      }
    }
    return { comparedWith: 'majority', reason: expected.reason, blueprint }
  }

  /** Of all tenants with this history, also when only some are compared. */
  async #majority(kind: string, digest: string): Promise<Blueprint | undefined> {
    const { deploy, tenants } = this.#parts
    const ofKind = await tenants.select({ named: undefined, kinds: [kind], status: undefined })
    const digests = await readDigests(
      deploy,
      ofKind.map(({ schema }) => schema),
    )
    const same = ofKind.filter(({ schema }) => digests.get(schema)?.digest === digest)
    const read = (await readFleet(deploy, same)).filter((structure) => structure.digest === digest)
    const groups = [...Map.groupBy(read, ({ fingerprint }) => fingerprint).values()]
    const largest = groups.toSorted((a, b) => b.length - a.length).slice(0, mostStructures)
    const structures = await this.#read(largest.map((group) => group[0]!.tenant.schema))
    const seen = largest.map((group) => ({ count: group.length, blueprint: structures.get(group[0]!.tenant.schema) }))
    const rest = read.length - largest.flat().length
    const known = seen.filter((one): one is { count: number; blueprint: Blueprint } => one.blueprint !== undefined)
    return majorityOf(known, this.#boundaryRoles, rest)
  }

  /** One tenant of each group is read, and stands for all of it: they have the same fingerprint. */
  async #compare(standard: Standard, expected: Blueprint, groups: readonly Alike[]): Promise<readonly Compared[]> {
    const schemas = groups.map((group) => group[0]!.tenant.schema)
    const structures = await this.#read(schemas)
    const after = await readDigests(this.#parts.deploy, schemas)
    const should = structureAlone(expected, this.#boundaryRoles)
    return groups.map((group) => {
      const { tenant, digest } = group[0]!
      const read = structures.get(tenant.schema)
      if (read === undefined) return { reason: isLost, differences: [] }
      if (after.get(tenant.schema)?.digest !== digest) return { reason: isMoving, differences: [] }
      const is = structureAlone(read, this.#boundaryRoles)
      const differences = differencesAlone(should, is, tenant.schema).filter(this.#isDrift)
      return {
        ...standard,
        differences,
        repairs: withSchemaName(repairsOf(should, is, differences, tenant.schema), tenant.schema),
      }
    })
  }

  /** Without schemas that were dropped, renamed or locked meanwhile. One that is locked does not hold up the others. */
  async #read(schemas: readonly string[]): Promise<ReadonlyMap<string, Blueprint>> {
    try {
      return await withoutWaiting(this.#parts.deploy, (queryable) => readBlueprints(queryable, schemas))
    } catch (error) {
      if (sqlStateOf(error) !== lockNotAvailable) throw error
      if (schemas.length === 1) return new Map()
      const read = new Map<string, Blueprint>()
      for (const schema of schemas) for (const [name, blueprint] of await this.#read([schema])) read.set(name, blueprint)
      return read
    }
  }
}

type Compared = Pick<DriftEntry, 'comparedWith' | 'reason' | 'differences'> & Partial<Pick<DriftEntry, 'repairs'>>

/** So many structures are read by a statement, and are in memory at a time. */
const atATime = 20

const isLost = 'Another session has locked, renamed or dropped it meanwhile.'

/** Of more different structures than these, none is that of most tenants. */
const mostStructures = 20

function standardFrom({ from, fingerprint, blueprint }: Expected): Standard {
  return {
    comparedWith: from,
    fingerprint,
    blueprint,
    ...(from === 'kept' && { reason: 'These files cannot give its history. It was compared with what other files gave.' }),
  }
}

function entryOf(tenant: Tenant<any>, compared: Omit<Compared, 'differences'> & Partial<Compared>): DriftEntry {
  const { comparedWith, reason, differences = [], repairs = [] } = compared
  return Object.freeze({
    target: tenant.schema,
    tenantId: tenant.id,
    kind: tenant.kind,
    state: comparedWith === undefined ? 'unknown' : differences.length > 0 ? 'drifted' : 'as expected',
    ...(comparedWith !== undefined && { comparedWith }),
    ...(reason !== undefined && { reason }),
    differences,
    repairs,
  })
}
