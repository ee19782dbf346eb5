/**
 * Who may do what: the rights of the application's login, and of the roles that its statements run as. All of it is given by the deploy role, which owns
 * the schemas and tables; where the application logs in as that role, it needs no rights.
 *
 * | statements of | run as | rights |
 * |---|---|---|
 * | a tenant | its role | reads and writes rows of its schema |
 * | a tenant | its role, as a member of the group | reads the shared schema |
 * | the shared pool | the role for it | reads and writes rows of the shared schema |
 * | the catalog | the role for it | reads and writes rows of the catalog |
 *
 * Under the boundary `path` the login has these rights itself.
 */
import { needsRoles } from '../../config/boundary-option.ts'
import type { Options } from '../../config/options.ts'
import { catalogSchema, identifier } from '../../names/identifier.ts'
import type { Database } from '../../ports/database.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { schemaExistsSql } from '../../sql/schema-sql.ts'
import type { Queryable } from '../../sql/statement.ts'
import { loginPassword } from '../../login-password.ts'
import { readRoleNames, type RoleNames } from './role-names.ts'
import {
  adoptGroupSql,
  createRoleSql,
  granterSql,
  mayTakeSql,
  onlyAppendSql,
  onlyReadSql,
  openToSharedScopeSql,
  roleExistsSql,
} from './rights-sql.ts'
import { letGiveSql } from './admin-option.ts'
import { giveRights } from './rights.ts'
import { giveSharedGrants } from './shared-grants.ts'
import { scramVerifier } from './scram-verifier.ts'

export type AccessOptions = Pick<Options, 'boundary' | 'sharedSchema' | 'extraSearchPath' | 'shared'>

export class Access {
  readonly #database: Pick<Database, 'loginRole'>
  readonly #options: AccessOptions
  readonly #isOneRole: boolean
  readonly #loginKey: string | undefined
  #names: Promise<RoleNames> | undefined

  /**
   * @param isOneRole the application logs in as the deploy role
   * @param loginKey makes the passwords of tenants that log in themselves
   */
  constructor(database: Pick<Database, 'loginRole'>, options: AccessOptions, isOneRole: boolean, loginKey?: string) {
    this.#database = database
    this.#options = options
    this.#isOneRole = isOneRole
    this.#loginKey = loginKey
  }

  /** Whether there is anything to give: no, where one role does everything. */
  get isNeeded(): boolean {
    return !this.#isOneRole || needsRoles(this.#options.boundary)
  }

  /** Whether any tenant has a role of its own. */
  get hasRoles(): boolean {
    return needsRoles(this.#options.boundary)
  }

  /** The same for the process. @param deploy a connection of the deploy role */
  names(deploy: Queryable): Promise<RoleNames> {
    this.#names ??= readRoleNames(this.#database, deploy).catch((error: unknown) => {
      this.#names = undefined
      throw error
    })
    return this.#names
  }

  /** What the server stores of the password of a tenant's own login. */
  verifierOf(role: string, generation: number): Promise<string> {
    return scramVerifier(loginPassword(this.#loginKey!, role, generation))
  }

  /** What exists once in a database: the fixed roles, and rights on the catalog and on the shared schema. May be called again. */
  async give(transaction: Queryable): Promise<void> {
    if (!this.isNeeded) return
    const names = await this.names(transaction)
    const { sharedSchema, extraSearchPath, boundary } = this.#options
    if (needsRoles(boundary)) await makeFixedRoles(transaction, names)
    const byRole = boundary.default !== 'path'
    const ofShared = byRole ? names.shared : names.login
    const ofCatalog = byRole ? names.catalog : names.login
    const tenants = needsRoles(boundary) ? [names.tenants] : []
    await giveCatalog(transaction, ofCatalog, names)
    await giveRights(transaction, sharedSchema, [ofShared], 'read and write')
    await giveRights(transaction, sharedSchema, tenants, 'read')
    // The shared pool sees the rows of all tenants in protected tables, also of those that were protected before it had a role.
    if (byRole) await transaction.query(openToSharedScopeSql)
    for (const schema of extraSearchPath) {
      if (await exists(transaction, schema)) await giveRights(transaction, schema, [ofShared, ...tenants], 'read')
    }
  }

  /**
   * The option `shared.grants`, where tenants have roles. May be called again.
   * @throws TenancyError INVALID_OPTION for a table that the shared schema lacks
   */
  async giveShared(queryable: Queryable): Promise<void> {
    const { boundary, sharedSchema, shared } = this.#options
    if (!needsRoles(boundary)) return
    const { tenants } = await this.names(queryable)
    await giveSharedGrants(queryable, sharedSchema, tenants, shared.grants)
  }
}

/** Rights on the rows of the catalog. */
export async function giveCatalog(transaction: Queryable, role: string, { deploy }: Pick<RoleNames, 'deploy'>): Promise<void> {
  await giveRights(transaction, catalogSchema, [role], 'read and write')
  // Not from the owner, which upgrades the catalog.
  if (role === deploy) return
  for (const table of ['migrations', 'relations', 'blueprints', 'templates', 'ready_schemas'])
    await transaction.query({ text: onlyReadSql(catalogSchema, table, role) })
  await transaction.query({ text: onlyAppendSql(catalogSchema, 'audit', auditColumns, role) })
}

/** What an entry of the audit is given; its id and its time are the server's. */
const auditColumns = ['actor', 'action', 'tenant_id', 'object', 'origin', 'details']

/** @throws TenancyError NOT_PERMITTED */
async function makeFixedRoles(transaction: Queryable, names: RoleNames): Promise<void> {
  try {
    for (const role of [names.tenants, names.granter, names.shared, names.catalog]) {
      if (!(await hasRole(transaction, role))) await transaction.query({ text: createRoleSql(role) })
    }
    const texts = [granterSql(names), mayTakeSql(names.shared, names), mayTakeSql(names.catalog, names)]
    // The group of logins stays when a downgrade drops the granter.
    if (await hasRole(transaction, names.logins)) texts.push(adoptGroupSql(names.logins, names))
    await transaction.query({ text: texts.join('\n') })
  } catch (error) {
    throw explainPrivilege(
      error,
      'make the roles of this database',
      `As a superuser, run: alter role ${identifier(names.deploy)} createrole;` +
        (names.hasMembershipOptions
          ? ` Where another role made the roles of this database, also run: ${letGiveSql([names.tenants, names.granter, names.shared, names.catalog], names.deploy)} ` +
            'docs/boundaries.md#another-deploy-role does it for those of the tenants, too.'
          : ''),
    )
  }
}

async function hasRole(queryable: Queryable, role: string): Promise<boolean> {
  return (await queryable.query(roleExistsSql(role))).rows.length > 0
}

async function exists(queryable: Queryable, schema: string): Promise<boolean> {
  return (await queryable.query(schemaExistsSql(schema))).rows.length > 0
}
