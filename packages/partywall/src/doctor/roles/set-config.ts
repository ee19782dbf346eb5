/** PW-133: no statement of a tenant can leave its role by calling set_config. */
import { tenantRolePattern } from '../../names/role-name.ts'
import { keepSetConfigSql, setConfigFunction } from '../../sql/set-config.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { plural } from '../context/wording.ts'

export const setConfig: Examination = {
  id: 'PW-133',
  title: 'Tenants may call set_config',
  needs: 'roles',
  async run({ askDeploy, facts, options: { boundary } }: Context) {
    const boundaries = [boundary.default, ...Object.values(boundary.kinds), ...Object.values(boundary.tenants)]
    // A login of its own has no other role to take.
    if (!boundaries.includes('role')) return []
    const [row] = await askDeploy<{ isPublic: boolean; isOfTenants: boolean; single: number; hasLogins: boolean }>(
      grantedSql(facts.tenants, facts.logins),
    )
    const single: Observation[] = row!.single === 0 ? [] : [ofSingle(row!.single)]
    if (!row!.isPublic && !row!.isOfTenants) return single
    const texts = keepSetConfigSql(facts.login, facts.deploy, row!.hasLogins ? facts.logins : undefined)
    return [
      {
        severity: 'warning',
        seen: `${row!.isPublic ? 'PUBLIC' : 'The group of tenants'} may call set_config: one statement of a tenant can leave its role (set_config('role', …) and a function that runs text), and then reads all tenants.`,
        fix:
          `As a superuser, once for each database, run: ${texts.join(' ')} ` +
          "Where no superuser can be had, the boundary 'login' holds against such SQL.",
      },
      ...single,
    ]
  },
}

/** Tenants that log in themselves have the right by their group. */
function ofSingle(roles: number): Observation {
  return {
    severity: 'warning',
    seen: `${plural(roles, 'role of a tenant', 'roles of tenants')} may call set_config by a grant of ${roles === 1 ? 'its' : 'their'} own: one statement can leave the role, and then reads all tenants.`,
    fix: `Run: revoke execute on function ${setConfigFunction} from <the role of the tenant>`,
  }
}

function grantedSql(group: string, logins: string): Statement {
  return {
    text: `
      select
        coalesce(bool_or(entry.grantee = 0), false) as "isPublic",
        coalesce(bool_or(has_function_privilege(role.oid, routine.oid, 'execute')), false) as "isOfTenants",
        count(distinct grantee.oid) filter (where grantee.rolname ~ '${tenantRolePattern}')::integer as single,
        exists (select from pg_catalog.pg_roles as logins where logins.rolname = $2::name) as "hasLogins"
      from pg_catalog.pg_proc as routine
      cross join lateral aclexplode(coalesce(routine.proacl, acldefault('f', routine.proowner))) as entry
      left join pg_catalog.pg_roles as role on role.rolname = $1::name
      left join pg_catalog.pg_roles as grantee on grantee.oid = entry.grantee
      where routine.oid = '${setConfigFunction}'::pg_catalog.regprocedure`,
    values: [group, logins],
  }
}
