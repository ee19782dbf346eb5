/** PW-137: no large object of one tenant can be read by another. They belong to no schema. */
import { anyTenantPattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { groupsOf } from '../context/tenants-sql.ts'
import { plural } from '../context/wording.ts'

export const largeObjects: Examination = {
  id: 'PW-137',
  title: 'Large objects that other tenants can read',
  needs: 'roles',
  async run({ askDeploy, facts }: Context) {
    const [row] = await askDeploy<{ readable: number; isCompatible: boolean; existing: number }>(readableSql(groupsOf({ facts })))
    const found: Observation[] = []
    if (row!.isCompatible)
      found.push({
        severity: 'error',
        seen: `lo_compat_privileges is on: every tenant reads and writes every large object${row!.existing === 0 ? ' (there is none now)' : ''}.`,
        fix: 'Set lo_compat_privileges = off in the server, the database and the roles, and reload the server.',
      })
    if (row!.readable > 0)
      found.push({
        severity: 'error',
        seen: `${plural(row!.readable, 'large object')} can be read by PUBLIC, by a group of tenants, or by the role of a tenant that does not own it.`,
        fix: 'Run: revoke all on large object … from public (and from the other roles). Better keep such data in columns of type bytea.',
      })
    return found
  },
}

function readableSql(groups: readonly string[]): Statement {
  return {
    text: `
      select
        count(*)::integer as existing,
        count(*) filter (where exists (
          select
          from aclexplode(object.lomacl) as entry
          left join pg_catalog.pg_roles as grantee on grantee.oid = entry.grantee
          where entry.grantee <> object.lomowner
            and (entry.grantee = 0 or grantee.rolname = any ($1::name[]) or grantee.rolname ~ '${anyTenantPattern}')
        ))::integer as readable,
        current_setting('lo_compat_privileges') = 'on' as "isCompatible"
      from pg_catalog.pg_largeobject_metadata as object`,
    values: [groups],
  }
}
