/**
 * Creates a tenant: its row, schema, tables, migration history and domains, in one transaction. Other sessions see a complete tenant or
 * none, and a crash leaves nothing behind. Its seeds and its hook run after that (steps/).
 */
import type { Catalog } from '../catalog/catalog.ts'
import type { Access } from '../catalog/roles/access.ts'
import type { Relations } from '../catalog/relations/relations.ts'
import { giveNewSchema, completeNewSchema } from '../catalog/roles/tenant-role.ts'
import { firstGeneration } from '../catalog/roles/tenant-login.ts'
import { boundaryOf } from '../config/boundary-option.ts'
import type { Domains } from '../catalog/domains/domains.ts'
import type { Tenants } from '../catalog/tenants/tenants.ts'
import type { Transaction } from '../ports/database.ts'
import { explainPrivilege } from '../sql/privilege.ts'
import { createSchemaSql, sharedTransactionLockSql } from '../sql/schema-sql.ts'
import { sqlState, sqlStateOf } from '../sql/sqlstate.ts'
import type { Queryable } from '../sql/statement.ts'
import { TenancyError } from '../errors.ts'
import { boundaryRolesOf } from './structure/boundary-roles.ts'
import { digestOf } from '../migrations/history/digest.ts'
import { historyTable } from '../migrations/history/history-sql.ts'
import { applyToNew } from '../migrations/apply/new-schema.ts'
import type { Migration } from '../ports/migration-source.ts'
import { sourceOfKind, type MigrationSources } from '../migrations/sources/sources.ts'
import { assertNothingShadowed } from '../migrations/plan/both-scopes.ts'
import { assertLikeOthers } from '../migrations/plan/like-others.ts'
import { findCrossSchemaReferences } from '../migrations/plan/cross-schema.ts'
import { findMissingExtensions } from '../migrations/plan/missing-extensions.ts'
import { provisioningLock } from '../migrations/plan/targets.ts'
import type { Options } from '../config/options.ts'
import type { Attributes, Domain, Tenant } from '../types.ts'
import { takeName } from '../catalog/tenants/freed-names.ts'
import { checkedNewTenant, withFitMigrations, type NewRow, type NewTenant, type Wanted } from './new-tenant.ts'
import type { StepBody } from './steps/step.ts'
import type { Steps } from './steps/steps.ts'
import { tryAgainForLocks } from './try-again.ts'
import { CutFailed, cutInto, unusable, type Cut } from './templates/cut.ts'
import type { Templates } from './templates/templates.ts'
import { NotClaimed, renameReady } from './warm/claim.ts'
import type { Warm } from './warm/warm.ts'

export interface ProvisionParts<A extends object = Attributes> {
  readonly catalog: Catalog
  readonly access: Access
  readonly relations: Relations
  readonly tenants: Tenants<A>
  readonly domains: Domains<A>
  readonly sources: MigrationSources
  readonly templates: Templates
  readonly warm: Pick<Warm, 'isOn' | 'claim' | 'notClaimed' | 'refill'>
  /** What runs in it afterwards. */
  readonly steps: Pick<Steps<A>, 'planned' | 'record' | 'run'>
  readonly options: Pick<
    Options,
    'sharedSchema' | 'includeShared' | 'extraSearchPath' | 'attributes' | 'migrations' | 'boundary' | 'files'
  >
}

/** tenancy.tenants.create: other sessions see a complete tenant or none. */
export async function provision<A extends object>(parts: ProvisionParts<A>, input: NewTenant<any>): Promise<Tenant<A>> {
  const wanted = await checkedNewTenant(parts, input)
  const {
    tenant: made,
    domains,
    like,
    onCommit,
    content,
    migrations,
  } = (await claim(parts, wanted)) ?? (await create(parts, wanted))
  onCommit()
  const complete = made.status === 'active' ? Promise.resolve(made) : parts.steps.run(made, wanted.steps)
  const tenant = await complete.catch((error: unknown) => {
    // It stays, with its domains, and is resumed.
    parts.domains.added(domains)
    throw error
  })
  parts.tenants.created(tenant)
  parts.domains.added(domains)
  if (like !== undefined) await tellDifferences(parts, wanted, tenant, like)
  if (content === undefined) await parts.templates.makeFor(wanted.kind, migrations)
  if (parts.warm.isOn(wanted.kind, digestOf(migrations))) parts.warm.refill(wanted.kind)
  return tenant
}

/** From a ready schema; undefined where that is not possible. */
async function claim<A extends object>(parts: ProvisionParts<A>, wanted: Wanted): Promise<Created<A> | undefined> {
  const { kind, migrations, template } = wanted
  if (template !== undefined || !parts.warm.isOn(kind, digestOf(migrations))) return undefined
  try {
    return await tryAgainForLocks(parts.catalog.deploy, wanted.schema, () =>
      parts.catalog.deploy.transaction((transaction) => build(parts, transaction, wanted, 'ready schema')),
    )
  } catch (error) {
    if (!(error instanceof NotClaimed)) throw error
    await parts.warm.notClaimed(kind, error)
    return undefined
  }
}

async function create<A extends object>(parts: ProvisionParts<A>, wanted: Wanted): Promise<Created<A>> {
  const { kind, migrations, template } = wanted
  const fit = await withFitMigrations(parts, wanted)
  return createFrom(parts, fit, await parts.templates.cutFor(kind, digestOf(migrations), template))
}

/** A template that fails costs a second attempt, from the migrations; where the caller named it, nothing is created. */
async function createFrom<A extends object>(parts: ProvisionParts<A>, wanted: Wanted, cut: Cut | undefined): Promise<Created<A>> {
  try {
    return await tryAgainForLocks(parts.catalog.deploy, wanted.schema, () =>
      parts.catalog.deploy.transaction((transaction) => build(parts, transaction, wanted, cut)),
    )
  } catch (error) {
    if (!(error instanceof CutFailed)) throw error
    if (wanted.template !== undefined) throw unusable(wanted.template, error.message, error)
    parts.templates.warnOf(error.template, error.message)
    return await createFrom(parts, wanted, undefined)
  }
}

/** The tenant exists by now, so a comparison that fails is not its failure. */
async function tellDifferences<A extends object>(
  { catalog, access, tenants, sources }: ProvisionParts<A>,
  { kind, migrations }: Wanted,
  tenant: Tenant<A>,
  like: string,
): Promise<void> {
  const roles = (): Promise<readonly string[]> => boundaryRolesOf(access, catalog.deploy)
  const pair = { source: sourceOfKind(sources, kind), digest: digestOf(migrations), schema: tenant.schema, like, roles }
  try {
    const { differencesFrom } = await import(/* webpackMode: "eager" */ './compare-with-fleet.ts')
    const differences = await differencesFrom(catalog.deploy, pair)
    if (differences.length > 0) tenants.differs({ tenant, like, differences })
  } catch (error) {
    process.emitWarning(`The new tenant "${tenant.schema}" could not be compared with "${like}": ${String(error)}`, {
      code: 'PARTYWALL_NOT_COMPARED',
    })
  }
}

interface Created<A extends object> {
  readonly tenant: Tenant<A>
  readonly domains: readonly Domain[]
  /** The schema of a tenant that has the same migrations. */
  readonly like: string | undefined
  readonly onCommit: () => void
  readonly content: Content
  readonly migrations: readonly Migration[]
}

/** What the new schema is made of; undefined: of its migrations. */
type Content = Cut | 'ready schema' | undefined

async function build<A extends object>(
  parts: ProvisionParts<A>,
  transaction: Transaction,
  wanted: Wanted,
  content: Content,
): Promise<Created<A>> {
  await transaction.query(sharedTransactionLockSql(provisioningLock))
  const { kind, migrations } = wanted
  // First, because where there is none, all else would be done in vain.
  const ready = content === 'ready schema' ? await parts.warm.claim(transaction, kind, digestOf(migrations)) : undefined
  const copied = content === undefined || content === 'ready schema' ? [] : content.template.seeds
  const steps = wanted.steps.filter(({ name }) => copied.every((seed) => seed.name !== name))
  const created = await register(parts, transaction, { ...wanted, steps })
  const { tenant } = created
  await parts.steps.record(transaction, tenant, steps, copied)
  if (ready === undefined) await createSchema(transaction, wanted.schema)
  else await orSchemaExists(wanted.schema, renameReady(transaction, ready, wanted.schema))
  await giveNewSchema(transaction, parts.access, parts.options, tenant, ready === undefined)
  const like = await assertLikeOthers(transaction, wanted, parts.options.migrations.outOfOrder)
  if (content === undefined) {
    await assertNoCrossSchemaReferences(parts, transaction, wanted)
    await applyToNew(transaction, { schema: wanted.schema, tenant }, migrations)
  } else if (content !== 'ready schema') await cutInto(parts, transaction, content, wanted.schema, migrations)
  const onCommit = await parts.relations.recordNew(transaction, wanted, digestOf(migrations))
  await completeNewSchema(transaction, parts.access, parts.options, tenant, historyTable)
  await assertNothingShadowed(transaction, parts.options, wanted.schema)
  return { ...created, like, onCommit, content, migrations, tenant: await parts.tenants.complete(transaction, tenant) }
}

async function assertNoCrossSchemaReferences(
  { options, sources }: ProvisionParts,
  transaction: Transaction,
  wanted: Wanted,
): Promise<void> {
  const { schema, migrations } = wanted
  const planned = { schemas: [schema], direction: 'up', pending: migrations, migrations } as const
  const problem =
    (await findMissingExtensions(transaction, [planned], [], sources.shared.name)).get(schema) ??
    (await findCrossSchemaReferences(transaction, options, [planned])).get(schema)
  if (problem !== undefined) throw problem
}

/** The row and the domains come first, so that a second call for the same tenant fails before the long work. */
export async function register<A extends object>(
  parts: ProvisionParts<A>,
  transaction: Transaction,
  wanted: NewRow & { readonly steps?: readonly StepBody[] },
): Promise<Pick<Created<A>, 'tenant' | 'domains'>> {
  try {
    await takeName(transaction, wanted.schema, parts.catalog)
    const tenant = await parts.tenants.insert(
      transaction,
      {
        ...wanted,
        loginGeneration: loginGenerationOf(parts, wanted),
        status: wanted.steps?.length ? 'provisioning' : 'active',
      },
      wanted.domains,
      wanted.clonedFrom,
    )
    if (tenant === undefined) throw tenantExists(wanted.schema)
    return { tenant, domains: await parts.domains.insert(transaction, tenant.id, wanted.domains) }
  } catch (error) {
    throw parts.catalog.explain(error)
  }
}

/** The id of a new tenant is in no configuration. */
function loginGenerationOf({ options }: ProvisionParts, { schema, kind }: NewRow): number | null {
  return boundaryOf(options.boundary, { id: '', schema, kind }) === 'login' ? firstGeneration : null
}

export async function createSchema(queryable: Queryable, schema: string): Promise<void> {
  await orSchemaExists(schema, queryable.query(createSchemaSql(schema)))
}

async function orSchemaExists(schema: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    const state = sqlStateOf(error)
    // When two sessions create a schema at the same time, the second one violates the unique index of pg_namespace.
    if (state === sqlState.duplicateSchema || state === sqlState.uniqueViolation) throw schemaExists(schema, error)
    throw explainPrivilege(
      error,
      `create the schema ${JSON.stringify(schema)}`,
      'Create tenants as a role that may create schemas, or run: grant create on database … to …;',
    )
  }
}

function tenantExists(schema: string): TenancyError {
  return new TenancyError(
    'SCHEMA_EXISTS',
    `A tenant with the schema ${JSON.stringify(schema)} exists already. Choose another schema name.`,
    { details: { schema } },
  )
}

function schemaExists(schema: string, cause: unknown): TenancyError {
  return new TenancyError(
    'SCHEMA_EXISTS',
    `The schema ${JSON.stringify(schema)} exists in the database already, but belongs to no tenant. Choose another name; or drop the ` +
      'schema, if it is not needed any more. partywall never reuses or empties an existing schema.',
    { details: { schema }, cause },
  )
}
