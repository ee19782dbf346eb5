/** PW-120: every tenant with a boundary by role has its role, which can do nothing but what it is for. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { customerCte, tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const tenantRoles: Examination = {
  id: 'PW-120',
  title: 'The role of a tenant is missing, or may do too much',
  needs: 'roles',
  async run(context: Context) {
    const rows = await context.askDeploy<SomeTenants & { trouble: Trouble }>(troublesSql(context))
    const customers = await context.askDeploy<SomeTenants & { trouble: Attribute }>(customersSql(context))
    return [
      ...rows.map(({ trouble, ...some }) => ({ ...say(trouble, `role of ${tenantsText(some)}`), ...onlyTenant(some) })),
      ...customers.map(({ trouble, ...some }) => ({
        ...say(trouble, `login of a customer of ${tenantsText(some)}`),
        ...onlyTenant(some),
      })),
    ]
  },
}

const attributes = {
  superuser: 'a superuser, so no right is ever checked',
  createrole: 'allowed to create roles and to give them away (createrole)',
  createdb: 'allowed to create databases (createdb)',
  replication: 'allowed to read all that is written to the server (replication)',
  bypassrls: 'not bound by row security (bypassrls)',
} as const

type Attribute = keyof typeof attributes

type Trouble = Attribute | 'missing' | 'login' | 'nologin' | 'noinherit'

function say(trouble: Trouble, whose: string): Observation {
  switch (trouble) {
    case 'missing':
      return {
        severity: 'error',
        seen: `There is no ${whose}: every statement is refused with ROLE_MISSING.`,
        fix: 'Run: npx partywall boundary upgrade',
      }
    case 'login':
      return {
        severity: 'error',
        seen: `The ${whose} may log in, and the boundary of the tenant is 'role'.`,
        fix: 'When no process with the previous boundary runs: npx partywall boundary upgrade --finish',
      }
    case 'nologin':
      return {
        severity: 'error',
        seen: `The ${whose} may not log in, and the boundary of the tenant is 'login': no connection can be opened.`,
        fix: 'Run: npx partywall boundary upgrade',
      }
    case 'noinherit':
      return {
        severity: 'warning',
        seen: `The ${whose} does not inherit the rights of its group: the tenant cannot read the shared schema.`,
        fix: 'Run: alter role … inherit',
      }
    default:
      return {
        severity: 'error',
        seen: `The ${whose} is ${attributes[trouble]}.`,
        fix: `Run: alter role … no${trouble}`,
      }
  }
}

/** A login for a customer's own tools reads one schema, and nothing else. */
function customersSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte},
      ${customerCte}
      select trouble.name as trouble, ${someTenantsSql('customer.schema')}
      from customer
      join pg_catalog.pg_roles as own on own.oid = customer.role
      cross join lateral (
        values ${attributeValues}
      ) as trouble (name, is_seen)
      where trouble.is_seen
      group by trouble.name
      order by trouble.name`,
    values: tenantValues(context),
  }
}

const attributeValues = `
          ('superuser', own.rolsuper),
          ('createrole', own.rolcreaterole),
          ('createdb', own.rolcreatedb),
          ('replication', own.rolreplication),
          ('bypassrls', own.rolbypassrls)`

function troublesSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select trouble.name as trouble, ${someTenantsSql()}
      from tenant
      left join pg_catalog.pg_roles as own on own.oid = tenant.role
      cross join lateral (
        values
          ('missing', tenant.role is null),${attributeValues},
          ('login', own.rolcanlogin and tenant.boundary = 'role'),
          ('nologin', not own.rolcanlogin and tenant.boundary = 'login'),
          ('noinherit', not own.rolinherit)
      ) as trouble (name, is_seen)
      where trouble.is_seen
        and (tenant.boundary <> 'path' or (tenant.role is not null and trouble.name not in ('missing', 'noinherit')))
      group by trouble.name
      order by trouble.name`,
    values: tenantValues(context),
  }
}
