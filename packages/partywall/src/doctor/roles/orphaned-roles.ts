/** PW-139: every role of a tenant, and every login of its customers, has its tenant. One that is left keeps its rights, and may still be taken or log in. */
import { anyTenantPattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { groupsOf, tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { listOf, plural } from '../context/wording.ts'

export const orphanedRoles: Examination = {
  id: 'PW-139',
  title: 'Roles of tenants that do not exist',
  needs: 'roles',
  async run(context: Context) {
    const [row] = await context.askDeploy<Orphans>(orphansSql(context))
    const { withRights, someWithRights, without, someWithout } = row!
    const found: Observation[] = []
    if (withRights > 0)
      found.push({
        severity: 'warning',
        seen: `${plural(withRights, 'role', 'roles')} of tenants that do not exist ${withRights === 1 ? 'has' : 'have'} rights in this database: ${listOf(someWithRights ?? [], withRights)}.`,
        fix: 'For each of them, run: drop owned by …; drop role …',
      })
    if (without > 0)
      found.push({
        severity: 'info',
        seen: `${plural(without, 'role')} of the cluster ${without === 1 ? 'is' : 'are'} named like that of a tenant, and no database uses ${without === 1 ? 'it' : 'them'}: ${listOf(someWithout ?? [], without)}.`,
        fix: 'If no other database has such a tenant, run for each of them: drop role …',
      })
    return found
  },
}

interface Orphans {
  readonly withRights: number
  readonly someWithRights: string[] | null
  readonly without: number
  readonly someWithout: string[] | null
}

/** A role that another database uses may belong to a tenant there. */
function orphansSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte},
      used as materialized (
        select
          dependency.refobjid as role,
          bool_or(dependency.dbid = (select oid from pg_catalog.pg_database where datname = current_database())) as is_here,
          bool_or(dependency.dbid <> 0 and dependency.dbid <> (select oid from pg_catalog.pg_database where datname = current_database())) as is_elsewhere
        from pg_catalog.pg_shdepend as dependency
        where dependency.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
        group by dependency.refobjid
      ),
      orphan as (
        select
          role.rolname::text as name,
          coalesce(used.is_here, false) or exists (
            select
            from pg_catalog.pg_auth_members as membership
            join pg_catalog.pg_roles as grp on grp.oid = membership.roleid
            where membership.member = role.oid and grp.rolname = any ($4::name[])
          ) as is_here,
          coalesce(used.is_elsewhere, false) as is_elsewhere
        from pg_catalog.pg_roles as role
        left join used on used.role = role.oid
        where role.rolname ~ '${anyTenantPattern}'
          and not exists (
            select from tenant where replace(tenant.id::text, '-', '') = substr(role.rolname::text, 11, 32)
          )
      )
      select
        count(*) filter (where is_here)::integer as "withRights",
        (array_agg(name order by name) filter (where is_here))[1:5] as "someWithRights",
        count(*) filter (where not is_here and not is_elsewhere)::integer as without,
        (array_agg(name order by name) filter (where not is_here and not is_elsewhere))[1:5] as "someWithout"
      from orphan`,
    values: [...tenantValues(context), groupsOf(context)],
  }
}
