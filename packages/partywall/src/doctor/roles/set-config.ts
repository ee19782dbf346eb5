/** PW-133: no statement of a tenant can leave its role by calling set_config. */
import { identifier } from '../../names/identifier.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'

const setConfigFunction = 'pg_catalog.set_config(text, text, boolean)'

export const setConfig: Examination = {
  id: 'PW-133',
  title: 'Tenants may call set_config',
  needs: 'roles',
  async run({ askDeploy, facts, options: { boundary } }: Context) {
    const boundaries = [boundary.default, ...Object.values(boundary.kinds), ...Object.values(boundary.tenants)]
    // A login of its own has no other role to take.
    if (!boundaries.includes('role')) return []
    const [row] = await askDeploy<{ isPublic: boolean; isOfTenants: boolean }>(grantedSql(facts.tenants))
    if (!row!.isPublic && !row!.isOfTenants) return []
    const { login, deploy } = facts
    const ofLogin = login === deploy ? '' : `grant execute on function ${setConfigFunction} to ${identifier(login)}; `
    return [
      {
        severity: 'warning',
        seen: `${row!.isPublic ? 'PUBLIC' : 'The group of tenants'} may call set_config: one statement of a tenant can leave its role (set_config('role', …) and a function that runs text), and then reads all tenants.`,
        fix:
          `As a superuser, once for each database, run: revoke execute on function ${setConfigFunction} from public; ${ofLogin}` +
          `grant execute on function ${setConfigFunction} to ${identifier(deploy)} with grant option. ` +
          "Where no superuser can be had, the boundary 'login' holds against such SQL.",
      },
    ]
  },
}

function grantedSql(group: string): Statement {
  return {
    text: `
      select
        coalesce(bool_or(entry.grantee = 0), false) as "isPublic",
        coalesce(bool_or(has_function_privilege(role.oid, routine.oid, 'execute')), false) as "isOfTenants"
      from pg_catalog.pg_proc as routine
      cross join lateral aclexplode(coalesce(routine.proacl, acldefault('f', routine.proowner))) as entry
      left join pg_catalog.pg_roles as role on role.rolname = $1::name
      where routine.oid = '${setConfigFunction}'::pg_catalog.regprocedure`,
    values: [group],
  }
}
