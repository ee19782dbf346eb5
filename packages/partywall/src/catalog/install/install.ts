/**
 * Installs and upgrades the catalog: the schema `partywall` with partywall's own tables. All missing steps run in one transaction that
 * holds a lock: when two processes start at the same time, one installs, and the other waits and then finds nothing to do.
 */
import type { Database as WholeDatabase, Transaction } from '../../ports/database.ts'
import { catalogSchema } from '../../names/identifier.ts'
import { createSchemaSql, schemaExistsSql, transactionLockSql } from '../../sql/schema-sql.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import type { Queryable } from '../../sql/statement.ts'
import { isTenancyError, TenancyError } from '../../errors.ts'
import type { Access } from '../roles/access.ts'
import { catalogMigrations } from './catalog-migrations.ts'
import { historyExistsSql, installedSql, recordMigrationSql, connectedAsSql } from './install-sql.ts'
import type { CatalogMigration } from './migrations/catalog-migration.ts'

type Database = Pick<WholeDatabase, 'query' | 'transaction'>

export interface InstallParts {
  readonly database: Database
  /** The role that makes what is missing, and owns it. */
  readonly deploy: Database
  readonly access: Pick<Access, 'isNeeded' | 'give'>
  readonly sharedSchema: string
}

/**
 * Installs or upgrades the catalog where needed, with the roles and rights that the application needs for it; creates the shared schema when it is missing.
 * Costs one query when there is nothing to do, else one transaction that holds one lock.
 * @throws TenancyError CATALOG_MISSING when the role may not install, upgrade or read it; CATALOG_NEWER
 */
export async function installCatalog(parts: InstallParts): Promise<void> {
  const { database, deploy, access, sharedSchema } = parts
  const found = await findInstalled(database, sharedSchema, access.isNeeded)
  const { installed, isSharedMissing } = found
  if (installed === newest(catalogMigrations) && !isSharedMissing) return
  assertNotNewer(installed, catalogMigrations)
  try {
    await deploy.transaction((transaction) => install(transaction, catalogMigrations, parts))
  } catch (error) {
    throw await explainInstall(deploy, error, installed, isSharedMissing ? sharedSchema : undefined)
  }
  if (access.isNeeded) await readInstalled(database, sharedSchema)
}

async function install(
  transaction: Transaction,
  migrations: readonly CatalogMigration[],
  { access, sharedSchema }: InstallParts,
): Promise<void> {
  // Bound to pg_catalog, which always exists: on a first start the shared schema may be missing.
  const bound = transaction.in('pg_catalog')
  await bound.query(transactionLockSql('partywall: install the catalog'))
  // `create schema if not exists` needs the privilege to create even when the schema exists.
  for (const schema of [sharedSchema, catalogSchema]) {
    if (!(await exists(bound, schema))) await bound.query(createSchemaSql(schema))
  }
  const installed = (await hasHistory(bound)) ? (await readInstalled(bound, sharedSchema)).installed : 0
  assertNotNewer(installed, migrations)
  for (const migration of migrations.filter(({ number }) => number > installed)) {
    await bound.query({ text: migration.text })
    await bound.query(recordMigrationSql(migration))
  }
  await access.give(transaction)
}

interface Installed {
  /** The number of the newest installed step; 0 when there is no catalog. */
  readonly installed: number
  readonly isSharedMissing: boolean
}

/** @param hasAccess whether the deploy role can give what is missing: then a refusal counts as "not installed" */
async function findInstalled(database: Database, sharedSchema: string, hasAccess: boolean): Promise<Installed> {
  try {
    return await readInstalled(database, sharedSchema)
  } catch (error) {
    const state = sqlStateOf(error)
    const isMissing = state === sqlState.undefinedTable || state === sqlState.invalidSchemaName
    const isWithoutRights = hasAccess && (state === sqlState.insufficientPrivilege || isTenancyError(error, 'ROLE_MISSING'))
    if (isMissing || isWithoutRights) return { installed: 0, isSharedMissing: false }
    if (state === sqlState.insufficientPrivilege) throw await mayNotRead(database, error)
    throw error
  }
}

async function readInstalled(queryable: Queryable, sharedSchema: string): Promise<Installed> {
  const { rows } = await queryable.query<{ number: string | null; shared: string }>(installedSql(sharedSchema))
  return { installed: Number(rows[0]?.number ?? 0), isSharedMissing: rows[0]?.shared !== 'true' }
}

async function exists(queryable: Queryable, schema: string): Promise<boolean> {
  return (await queryable.query(schemaExistsSql(schema))).rows.length > 0
}

async function hasHistory(queryable: Queryable): Promise<boolean> {
  return (await queryable.query(historyExistsSql)).rows.length > 0
}

function newest(migrations: readonly CatalogMigration[]): number {
  return migrations.at(-1)!.number
}

function assertNotNewer(installed: number, migrations: readonly CatalogMigration[]): void {
  if (installed <= newest(migrations)) return
  throw new TenancyError(
    'CATALOG_NEWER',
    `The catalog in this database has version ${installed}, but this version of partywall supports versions up to ${newest(migrations)}. ` +
      'Deploy the newer version of partywall here, too.',
    { details: { installed, known: newest(migrations) } },
  )
}

async function explainInstall(
  database: Database,
  error: unknown,
  installed: number,
  missingShared: string | undefined,
): Promise<unknown> {
  // It says already which right is missing, for example to make the roles.
  if (isTenancyError(error, 'NOT_PERMITTED')) return error
  const state = sqlStateOf(error)
  if (state !== sqlState.insufficientPrivilege && state !== sqlState.readOnlyTransaction) return error
  const { role, database: name } = await connectedAs(database)
  if (installed === newest(catalogMigrations)) {
    return new TenancyError(
      'CATALOG_MISSING',
      `The shared schema ${JSON.stringify(missingShared)} is not in the database, and the role ${role} may not create it. Create it, or set the ` +
        'option "sharedSchema" to the schema that your tenants share.',
      { details: { role, database: name, installed }, cause: error },
    )
  }
  const isUpgrade = installed > 0
  const reason =
    state === sqlState.readOnlyTransaction
      ? 'this server is read-only'
      : `the role ${role} may not ${isUpgrade ? 'upgrade' : 'install'} it`
  const fix = isUpgrade
    ? 'Run `npx partywall migrate` once as the role that owns the schema partywall.'
    : `Run \`npx partywall migrate\` once as a role that may create schemas, or allow it: grant create on database ${name} to ${role}.`
  return new TenancyError(
    'CATALOG_MISSING',
    `The catalog (the schema partywall) is ${isUpgrade ? 'older than this version of partywall' : 'not installed'}, and ${reason}. ${fix}`,
    { details: { role, database: name, installed }, cause: error },
  )
}

async function mayNotRead(database: Database, error: unknown): Promise<TenancyError> {
  const { role } = await connectedAs(database)
  return new TenancyError(
    'CATALOG_MISSING',
    `The role ${role} may not read the catalog (the schema partywall). As its owner, run: ` +
      `grant usage on schema partywall to ${role}; grant select on all tables in schema partywall to ${role};`,
    { details: { role }, cause: error },
  )
}

async function connectedAs(database: Database): Promise<{ role: string; database: string }> {
  try {
    return await database.transaction(async (transaction) => {
      const { rows } = await transaction.in('pg_catalog').query<{ role: string; database: string }>(connectedAsSql)
      return rows[0]!
    })
  } catch {
    // This is only for the text of another error, which matters more.
    return { role: 'of this connection', database: 'of this connection' }
  }
}
