/**
 * PW-125: only the role of a tenant has rights on its tables and sequences. Most tables of a schema have the same rights, so the rights are grouped
 * before they are taken apart: that is what makes it quick for many tenants.
 */
import { historyTable } from '../../migrations/history/history-sql.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import {
  customerCte,
  fromRole,
  isReachable,
  isReadingSql,
  privilegeSql,
  roleNameSql,
  roleText,
  tenantCte,
  tenantValues,
} from '../context/tenants-sql.ts'
import { capital, onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const relationRights: Examination = {
  id: 'PW-125',
  title: "Rights on a tenant's tables and sequences that others have, or that the tenant lacks",
  needs: 'roles',
  async run(context: Context) {
    const { askDeploy } = context
    const rows = await askDeploy<Row>(rightsSql(context))
    return rows.map((row) => (row.isMissing ? ofMissing(row) : ofGranted(row, context)))
  },
}

type Row = SomeTenants & {
  /** The tenant may not read; the other fields but the example are empty. */
  readonly isMissing: boolean
  readonly role: string
  readonly isOwn: boolean
  readonly privileges: string
  readonly kind: 'table' | 'sequence' | 'history'
  /** The name of one of the relations. */
  readonly example: string
}

function ofGranted({ role, isOwn, privileges, kind, example, ...some }: Row, context: Context): Observation {
  const what = privileges.toLowerCase()
  const on = kind === 'sequence' ? 'sequences' : kind === 'history' ? `the history (${historyTable})` : 'tables'
  const whose = isOwn ? `The role of ${tenantsText(some)}` : capital(roleText(role))
  const where = isOwn ? 'its schema' : `the schema of ${tenantsText(some)}`
  return {
    severity: isOwn ? 'warning' : isReachable(context, role) ? 'error' : 'warning',
    seen: `${whose} has ${what} on ${on} of ${where}, e.g. on ${JSON.stringify(example)}${isOwn ? ', which is more than it needs' : ''}.`,
    fix: `Run: revoke ${what} on ${kind === 'sequence' ? 'sequence' : 'table'} … from ${isOwn ? '<the role of the tenant>' : fromRole(role)}`,
    ...onlyTenant(some),
  }
}

function ofMissing({ example, ...some }: Row): Observation {
  return {
    severity: 'warning',
    seen: `The role of ${tenantsText(some)} may not read some tables of its schema, e.g. ${JSON.stringify(example)}.`,
    fix: 'If that is not on purpose, run: npx partywall boundary upgrade. Create tables by migrations: they have the rights by default.',
    ...onlyTenant(some),
  }
}

/** A row for each tenant, kind of relation and list of rights. */
const heldCte = `
      held as materialized (
        select
          tenant.schema,
          case
            when relation.relkind = 'S' then 'sequence'
            when relation.relname = '${historyTable}' then 'history'
            else 'table'
          end as kind,
          relation.relowner as owner,
          relation.relacl as acl,
          tenant.role,
          tenant.user_role,
          tenant.boundary,
          tenant.deploy,
          min(relation.relname::text) as example
        from pg_catalog.pg_class as relation
        join tenant on tenant.namespace = relation.relnamespace
        where relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        group by 1, 2, 3, 4, 5, 6, 7, 8
      )`

/**
 * Rights that are too many; and tables without the right to read, which were made by another role than the one that makes the tables of migrations. One
 * statement for both, because most of it is to collect the rights.
 */
function rightsSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte},
      ${customerCte},
      ${heldCte},
      granted as (
        select
          ${roleNameSql('entry.grantee')} as role,
          own.is_own,
          held.kind,
          held.schema,
          min(held.example) as example,
          string_agg(distinct ${privilegeSql}, ', ') as privileges
        from held
        cross join lateral aclexplode(held.acl) as entry
        cross join lateral (select coalesce(entry.grantee in (held.role, held.user_role), false) as is_own) as own
        where entry.grantee <> held.owner
          and entry.grantee <> held.deploy
          and not ${isReadingSql('held.schema', 'SELECT')}
          and not (
            own.is_own
            and not entry.is_grantable
            and case held.kind
              when 'history' then entry.privilege_type = 'SELECT'
              when 'sequence' then true
              else entry.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
            end
          )
        group by 1, 2, 3, 4
      )
      select
        false as "isMissing",
        granted.role,
        granted.is_own as "isOwn",
        granted.kind,
        granted.privileges,
        min(granted.example) as example,
        ${someTenantsSql('granted.schema')}
      from granted
      group by 1, 2, 3, 4, 5
      union all
      select true, '', true, 'table', '', min(held.example), ${someTenantsSql('held.schema')}
      from held
      where held.kind = 'table'
        and held.boundary <> 'path'
        and held.role is not null
        and not exists (
          select
          from aclexplode(held.acl) as entry
          where entry.grantee = held.role and entry.privilege_type = 'SELECT'
        )
      having count(*) > 0
      order by 1, 2, 3, 4, 5`,
    values: tenantValues(context),
  }
}
