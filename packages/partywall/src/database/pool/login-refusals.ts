/** Refusals about connections that log in as the role of one tenant. None of them holds a password or a part of one. */
import { TenancyError } from '../../errors.ts'
import type { Binding } from '../binding/binding.ts'

/** A connection of another login must not serve a tenant with a login of its own, nor the other way round. */
export function otherLogin(binding: Binding): TenancyError {
  return new TenancyError(
    'LOGIN_REFUSED',
    `A statement of ${binding.label} came to a connection that is not logged in as it should be; nothing was run. A tenant with the boundary "login" is ` +
      'served by tenancy.pool and tenancy.session, which log in as its role, and by no connection that a library opens itself.',
    { details: { schema: binding.schema, reason: 'other login' } },
  )
}

/** The server took the login, but its session has another role: a pooler with a fixed user, or a setting of the role. */
export function answersAsOther(binding: Pick<Binding, 'label' | 'schema' | 'login'>, seen: string): TenancyError {
  return new TenancyError(
    'LOGIN_REFUSED',
    `A connection of ${binding.label} logged in as ${binding.login}, but its session has the role ${JSON.stringify(seen)}; nothing was run. Look for a pooler that ` +
      'connects with one user for all ("user=" in its configuration), and for "alter role … set role".',
    { details: { schema: binding.schema, reason: 'other login' } },
  )
}

/** Every password that the configuration can make was refused. */
export function passwordRefused(binding: Binding, cause: unknown): TenancyError {
  return new TenancyError(
    'LOGIN_REFUSED',
    `The server refuses to log in ${binding.login}, the role of ${binding.label}, with each password that follows from database.loginKey. If its password ` +
      'was changed by hand, or if it was made with a key that is not in the list any more, run: npx partywall boundary rotate --tenant …. Behind a ' +
      'pooler, the pooler must know the role.',
    { details: { schema: binding.schema, reason: 'password' }, cause },
  )
}

/** The server has rules that do not let this role in. */
export function loginForbidden(binding: Binding, cause: unknown): TenancyError {
  return new TenancyError(
    'LOGIN_REFUSED',
    `The server does not let ${binding.login} log in, the role of ${binding.label}. Its pg_hba.conf must have a line with scram-sha-256 for the roles ` +
      'of tenants; if the role was made for another boundary, run: npx partywall boundary upgrade.',
    { details: { schema: binding.schema, reason: 'forbidden' }, cause },
  )
}

export function hasNoLogin(binding: Binding): TenancyError {
  return new TenancyError(
    'LOGIN_REFUSED',
    `The boundary of ${binding.label} is "login", but the tenant has no login yet; nothing was run. It was created under another boundary. Give it one ` +
      'with: npx partywall boundary upgrade.',
    { details: { schema: binding.schema, reason: 'no login' } },
  )
}
