/**
 * PW-008: the application logs in as a role that may more than it needs. Policies do not hold for a superuser, for BYPASSRLS and mostly for owners; and under the
 * boundaries `role` and `login`, what the login may do is what a statement may do that leaves the role of its tenant.
 */
import { needsRoles } from '../config/boundary-option.ts'
import type { Observation } from '../findings.ts'
import { defineCheck } from './check.ts'
import { catalogState } from './catalog-state.ts'
import { loginPowerSql, type LoginPower } from './powerful-login-sql.ts'

export const powerfulLogin = defineCheck({
  id: 'PW-008',
  title: 'The application logs in as a role with too much power',
  needs: ['config', 'database'],
  run: async ({ config: { options, isEmbedded }, database: { queryable, login } }) => {
    if (isEmbedded) return [embedded]
    const catalog = await catalogState(queryable)
    const { rows } = await queryable.query<Record<keyof LoginPower, string>>(
      loginPowerSql(login, options.sharedSchema, catalog === 'readable'),
    )
    const row = rows[0]!
    const power: LoginPower = {
      superusers: names(row.superusers),
      bypassing: names(row.bypassing),
      creating: names(row.creating),
      predefined: names(row.predefined),
      owners: names(row.owners),
      inherits: row.inherits === 'true',
    }
    return [...powerOf(login, power, needsRoles(options.boundary)), ...(catalog === 'unreadable' ? [tenantsUnknown] : [])]
  },
})

const embedded: Observation = {
  severity: 'info',
  seen: 'the embedded PostgreSQL has one login, a superuser without a password',
  fix: 'Nothing: it is for development. Run this check with the database of production, too.',
}

const tenantsUnknown: Observation = {
  severity: 'info',
  seen: 'the role of this connection may not read the catalog, so it is not known which schemas are those of tenants, and who owns them was not looked at',
  fix: 'Name the owner of the catalog in the option "database.deploy", and run the check again.',
}

/** @param isWall the boundary `role` or `login` is set for some tenant */
function powerOf(login: string, power: LoginPower, isWall: boolean): Observation[] {
  const { superusers, bypassing, creating, predefined, owners, inherits } = power
  const observations: Observation[] = []
  const add = (severity: Observation['severity'], roles: readonly string[], what: string, fix: string): void => {
    if (roles.length > 0)
      observations.push({ severity, seen: `the application logs in as ${described(login, roles)}, ${what}`, fix })
  }
  const ownLogin =
    'Let the application log in as a role without power, which owns nothing: docs/boundaries.md has the statements.'
  add('error', superusers, 'a superuser: no right, no policy and no boundary holds', ownLogin)
  add(
    'error',
    bypassing,
    'which has BYPASSRLS: no policy holds',
    `alter role … nobypassrls, or revoke the membership. ${ownLogin}`,
  )
  const ifWall = isWall ? 'error' : 'warning'
  add(ifWall, creating, 'which has CREATEROLE or REPLICATION: it can give itself rights, or read the whole server', ownLogin)
  add(
    ifWall,
    predefined,
    'which reaches the data of all schemas or the files of the server',
    'Revoke the membership of these predefined roles.',
  )
  add(
    ifWall,
    // A superuser owns what it likes; one finding is enough.
    superusers.length > 0 ? [] : owners,
    'which owns schemas or tables of tenants, of the catalog or of the shared schema: it can drop them, and turn off their policies',
    `Give work on structure a login of its own by the option database.deploy, and let that role own the objects. ${ownLogin}`,
  )
  if (inherits) {
    observations.push({
      severity: 'error',
      seen: `the role ${JSON.stringify(login)} inherits the rights of the tenants' roles: outside of every tenant it reads them all`,
      fix: 'alter role … noinherit; and from PostgreSQL 16 on, grant the memberships with inherit false, set true.',
    })
  }
  return observations
}

function described(login: string, roles: readonly string[]): string {
  const others = roles.filter((role) => role !== login)
  const self = JSON.stringify(login)
  if (others.length < roles.length) return self
  return `${self}, which may take the role ${others.map((role) => JSON.stringify(role)).join(' or ')}`
}

function names(json: string): string[] {
  return JSON.parse(json) as string[]
}
