/**
 * `tenancy.logins`: logins for a customer's own tools, which read the schema of one tenant. Nothing is stored about them but the roles
 * themselves. The password is made here, shown once, and known to the server only by its verifier.
 */
import { randomBytes } from 'node:crypto'
import type { ClientConfig } from 'pg'
import type { Access } from '../../catalog/roles/access.ts'
import { recordAction } from '../../catalog/audit/record.ts'
import { ownedInSql, type Ownable } from '../../catalog/roles/rights-sql.ts'
import { scramVerifier } from '../../catalog/roles/scram-verifier.ts'
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import type { Options } from '../../config/options.ts'
import { TenancyError } from '../../errors.ts'
import { customerLoginPattern, tenantRole } from '../../names/role-name.ts'
import type { Database, Transaction } from '../../ports/database.ts'
import { readJson } from '../../sql/json-rows.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import type { Tenant, TenantRef } from '../../types.ts'
import { readComment, writeComment } from './login-comment.ts'
import {
  closeLoginSql,
  createLoginSql,
  dropLoginSql,
  endSessionsSql,
  letConnectSql,
  limitTempFilesSql,
  loginsSql,
  mayConnectSql,
  readRightsSql,
  takeLoginSql,
  type LoginRow,
} from './login-sql.ts'
import { loginUrl } from './login-url.ts'
import { checkedLogin, type NewLogin } from './new-login.ts'

export interface Login {
  /** The name of the role, with which it logs in. */
  readonly role: string
  readonly name: string
  readonly tenantId: string
  /** The schema of the tenant; undefined when the tenant does not exist any more. */
  readonly schema: string | undefined
  /** `orphaned`: its tenant does not exist any more. */
  readonly state: 'active' | 'expired' | 'orphaned'
  readonly shared: boolean
  readonly connections: number
  /** How many connections it has at the moment. */
  readonly sessions: number
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
}

export interface CreatedLogin {
  readonly login: Login
  readonly database: string
  /** Shown once: it is stored nowhere. */
  readonly password: string
  /** A connection string with the password. */
  readonly url: string
  /** Limits that only a superuser can set, and that were not set. */
  readonly notSet: readonly 'temp_file_limit'[]
}

export interface LoginParts {
  readonly deploy: Database
  readonly access: Access
  readonly tenants: Pick<Tenants<any>, 'get' | 'lookUp'>
  readonly options: Pick<Options, 'sharedSchema'>
  /** How the application connects. */
  readonly database: { connectionConfig(): Promise<ClientConfig> }
}

export class Logins {
  readonly #parts: LoginParts

  constructor(parts: LoginParts) {
    this.#parts = parts
  }

  async create(ref: TenantRef, given: NewLogin): Promise<CreatedLogin> {
    const wanted = checkedLogin(given)
    const tenant = await this.#parts.tenants.get(ref)
    const role = `${tenantRole(tenant.id)}_ro_${randomBytes(4).toString('hex')}`
    const password = randomBytes(24).toString('base64url')
    const verifier = await scramVerifier(password)
    const now = new Date()
    const expiresAt = wanted.expiresInMs === undefined ? undefined : new Date(now.getTime() + wanted.expiresInMs)
    const { name, connections, statementTimeoutMs, shared } = wanted
    const schemas = [tenant.schema, ...(shared ? [this.#parts.options.sharedSchema] : [])]
    return this.#explained(`create a login for ${JSON.stringify(tenant.schema)}`, async (transaction) => {
      const database = await databaseName(transaction)
      const comment = writeComment({ database, tenantId: tenant.id, name, shared, createdAt: now.toISOString() })
      const limits = { role, verifier, expires: expiresAt, connections, searchPath: schemas, statementTimeoutMs, comment }
      await transaction.query({ text: createLoginSql(limits) })
      for (const schema of schemas) await letRead(transaction, schema, role)
      await letConnect(transaction, role, database)
      const notSet = await limitTempFiles(transaction, role, wanted.tempFileLimitKb)
      await recordAction(transaction, { action: 'login.created', tenant, object: role, details: { name, shared } })
      const login = {
        role,
        name,
        tenantId: tenant.id,
        schema: tenant.schema,
        state: 'active',
        shared,
        connections,
        sessions: 0,
      } as const
      const url = loginUrl(await this.#parts.database.connectionConfig(), { role, password, database })
      return { login: { ...login, createdAt: now, expiresAt }, database, password, url, notSet }
    })
  }

  async list(ref?: TenantRef): Promise<Login[]> {
    const { deploy, tenants } = this.#parts
    const tenant = ref === undefined ? undefined : await tenants.get(ref)
    const [rows, database] = [await readJson<LoginRow>(deploy, loginsSql()), await databaseName(deploy)]
    const logins: Login[] = []
    for (const row of rows) {
      const comment = readComment(row.comment)
      if (comment?.database !== database || (tenant !== undefined && comment.tenantId !== tenant.id)) continue
      const owner = tenant ?? (await tenants.lookUp(comment.tenantId))
      logins.push(toLogin(row, comment, owner))
    }
    return logins
  }

  /** Two transactions: when its sessions end, no new one can begin. */
  async revoke(role: string): Promise<Login> {
    const login = typeof role === 'string' && new RegExp(customerLoginPattern).test(role) ? await this.#find(role) : undefined
    if (login === undefined) throw unknownLogin(role)
    const { access, deploy } = this.#parts
    const names = await access.names(deploy)
    const what = 'revoke a login'
    await this.#explained(what, (transaction) => transaction.query({ text: closeLoginSql(role) }))
    await this.#explained(what, async (transaction) => {
      await transaction.query({ text: takeLoginSql(role, names.deploy, names.hasMembershipOptions) })
      await transaction.query(endSessionsSql(role))
      await transaction.query({ text: dropLoginSql(role) })
      const tenant = { id: login.tenantId }
      await recordAction(transaction, { action: 'login.revoked', tenant, object: role, details: { name: login.name } })
    })
    return login
  }

  async #find(role: string): Promise<Login | undefined> {
    return (await this.list()).find((login) => login.role === role)
  }

  async #explained<T>(what: string, fn: (transaction: Transaction) => Promise<T>): Promise<T> {
    try {
      return await this.#parts.deploy.transaction(fn)
    } catch (error) {
      throw explainPrivilege(
        error,
        what,
        'Give the role of the option "database.deploy" the right to create roles: alter role … createrole; it also has to own the tables. From ' +
          'PostgreSQL 16 on, a login that another role made must be granted to it with the admin option: docs/boundaries.md#another-deploy-role.',
      )
    }
  }
}

async function letRead(transaction: Transaction, schema: string, role: string): Promise<void> {
  const { rows } = await transaction.query<Ownable & Record<string, unknown>>(ownedInSql(schema))
  const tables = rows.filter(({ kind }) => kind === 'tables').map(({ name }) => name)
  await transaction.query({ text: readRightsSql(schema, tables, role) })
}

/** Usually everyone may connect. */
async function letConnect(transaction: Transaction, role: string, database: string): Promise<void> {
  if ((await transaction.query(mayConnectSql(role))).rows.length > 0) return
  await transaction.query({ text: letConnectSql(role, database) })
}

async function limitTempFiles(transaction: Transaction, role: string, kilobytes: number): Promise<CreatedLogin['notSet']> {
  await transaction.query({ text: 'savepoint partywall_limit' })
  try {
    await transaction.query({ text: limitTempFilesSql(role, kilobytes) })
    return []
  } catch (error) {
    if (sqlStateOf(error) !== sqlState.insufficientPrivilege) throw error
    await transaction.query({ text: 'rollback to savepoint partywall_limit' })
    return ['temp_file_limit']
  }
}

async function databaseName(queryable: Pick<Database, 'query'>): Promise<string> {
  const { rows } = await queryable.query<{ name: string }>({ text: 'select pg_catalog.current_database()::text as name' })
  return rows[0]!.name
}

function toLogin(row: LoginRow, comment: NonNullable<ReturnType<typeof readComment>>, owner: Tenant<any> | undefined): Login {
  const { role, limit, sessions } = row
  return {
    role,
    name: comment.name,
    tenantId: comment.tenantId,
    schema: owner?.schema,
    state: owner === undefined ? 'orphaned' : row.isExpired ? 'expired' : 'active',
    shared: comment.shared,
    connections: limit,
    sessions,
    createdAt: new Date(comment.createdAt),
    expiresAt: row.expires === null ? undefined : new Date(row.expires),
  }
}

function unknownLogin(role: unknown): TenancyError {
  const seen = typeof role === 'string' ? JSON.stringify(role.slice(0, 80)) : typeof role
  return new TenancyError(
    'UNKNOWN_LOGIN',
    `This database has no login of a customer that is called ${seen}. \`partywall tenant logins\` lists them; give the name of the role.`,
    { details: { role: typeof role === 'string' ? role.slice(0, 80) : '' } },
  )
}
