/**
 * partywall/impersonation: support acts as a user of a tenant. An operator gets a token, which works once, at one address of one tenant, for a minute. Both steps are in the audit, with
 * the reason.
 */
import '../../node-version.ts'
import { createHash, randomBytes } from 'node:crypto'
import { catalogKey } from '../../catalog-key.ts'
import { recordAction } from '../../catalog/audit/record.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Database } from '../../ports/database.ts'
import { seen } from '../../seen.ts'
import type { Tenant, TenantRef } from '../../types.ts'
import { consumeSql, deleteOverSql, insertTokenSql } from './impersonation-sql.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface ImpersonationTenancy {
  current(): Tenant<any>
  url(ref: TenantRef, path?: string): Promise<string>
  readonly tenants: { get(ref: TenantRef): Promise<Tenant<any>> }
  readonly [catalogKey]: unknown
}

export interface ImpersonationRequest {
  /** Who asks, as the application calls the operator. */
  readonly operator: string
  /** The user of the tenant to act as. */
  readonly userId: string
  /** Why: for the audit. */
  readonly reason: string
  /** The path of the page at the tenant that takes the token. */
  readonly path: string
}

export interface StartedImpersonation {
  readonly token: string
  /** The address that the operator opens, with the token in its fragment: a fragment is in no log of a server. */
  readonly url: string
}

export interface ImpersonatedUser {
  readonly userId: string
  /** Keep it in the session, and show it on each page. */
  readonly impersonatedBy: string
  readonly reason: string
}

export interface Impersonation {
  /**
   * A token for an operator. Your code decides who may ask. Costs a transaction of three statements.
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, INVALID_OPTION
   */
  start(ref: TenantRef, request: ImpersonationRequest): Promise<StartedImpersonation>
  /**
   * Uses a token up, in the scope of its tenant. Every token that does not work is refused alike.
   * @param path of the page that took the token
   * @throws TenancyError TOKEN_REFUSED, NO_TENANT
   */
  accept(token: string, path: string): Promise<ImpersonatedUser>
}

/**
 * @example
 * const impersonation = createImpersonation(tenancy)
 * const { url } = await impersonation.start('acme', { operator: 'support:7', userId: '42', reason: 'ticket 118', path: '/support' })
 */
export function createImpersonation(tenancy: ImpersonationTenancy): Impersonation {
  const catalog = tenancy[catalogKey] as Pick<Database, 'transaction'>
  return Object.freeze<Impersonation>({
    async start(ref, request) {
      assertKnownKeys('impersonation.start', request, ['operator', 'userId', 'reason', 'path'])
      const { operator, userId, reason, path } = request
      for (const [option, value] of Object.entries({ operator, userId, reason })) assertText(option, value)
      const tenant = await tenancy.tenants.get(ref)
      const url = await tenancy.url({ id: tenant.id }, path)
      const token = randomBytes(32).toString('base64url')
      await catalog.transaction(async (transaction) => {
        await transaction.query(deleteOverSql())
        await transaction.query(
          insertTokenSql({ hash: hashOf(token), tenantId: tenant.id, url, userId, operator, reason }, 60_000),
        )
        await recordAction(transaction, {
          action: 'impersonation.started',
          tenant,
          object: userId,
          details: { operator, reason },
        })
      })
      return { token, url: `${url}#token=${token}` }
    },
    async accept(token, path) {
      const tenant = tenancy.current()
      if (typeof token !== 'string' || !/^[\w-]{43}$/.test(token)) throw refused()
      const url = await tenancy.url({ id: tenant.id }, path)
      return catalog.transaction(async (transaction) => {
        const { rows } = await transaction.query<UsedRow>(consumeSql(hashOf(token), tenant.id, url))
        if (rows[0] === undefined) throw refused()
        const { user_id: userId, operator, reason } = rows[0]
        await recordAction(transaction, {
          action: 'impersonation.accepted',
          tenant,
          object: userId,
          details: { operator, reason },
        })
        return Object.freeze({ userId, impersonatedBy: operator, reason })
      })
    },
  })
}

interface UsedRow extends Record<string, unknown> {
  readonly user_id: string
  readonly operator: string
  readonly reason: string
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function assertText(option: string, value: unknown): void {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= 255) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"${option}" of impersonation.start must be a text of 1 to 255 characters; it is ${seen(value)}.`,
    { details: { what: 'impersonation.start', option } },
  )
}

function refused(): TenancyError {
  return new TenancyError('TOKEN_REFUSED', 'The token was refused: unknown, used, over, or of another address. Start again.', {
    details: { reason: 'no token of this address' },
  })
}
