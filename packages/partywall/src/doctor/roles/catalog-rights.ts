/** PW-132: the catalog is out of the reach of tenants. It says which schema belongs to which tenant. */
import { anyTenantPattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'
import { fromRole, groupsOf, roleNameSql, roleText } from '../context/tenants-sql.ts'
import { capital, listOf } from '../context/wording.ts'

export const catalogRights: Examination = {
  id: 'PW-132',
  title: 'Rights of others on the catalog',
  needs: 'roles',
  async run({ askDeploy, facts, options: { boundary } }: Context) {
    const byRole = boundary.default !== 'path'
    const watched = [
      ...groupsOf({ facts }),
      ...(byRole ? [facts.shared] : []),
      ...(byRole && facts.login !== facts.deploy ? [facts.login] : []),
    ]
    const rows = await askDeploy<{ role: string; rights: string[] }>(rightsSql(watched))
    return rows.map(({ role, rights }) => ({
      severity: 'error',
      seen: `${capital(roleText(role))} has rights in the schema partywall: ${listOf(rights)}.`,
      fix: `Run: revoke all on schema partywall from ${fromRole(role)}; revoke all on all tables in schema partywall from ${fromRole(role)}`,
    }))
  },
}

function rightsSql(watched: readonly string[]): Statement {
  return {
    text: `
      with entry as (
        select 'schema partywall' as name, entry.grantee, entry.privilege_type
        from pg_catalog.pg_namespace as namespace
        cross join lateral aclexplode(namespace.nspacl) as entry
        where namespace.nspname = 'partywall' and entry.grantee <> namespace.nspowner
        union all
        select relation.relname::text, entry.grantee, entry.privilege_type
        from pg_catalog.pg_class as relation
        join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
        left join pg_catalog.pg_attribute as attribute on attribute.attrelid = relation.oid and attribute.attacl is not null
        cross join lateral (
          select * from aclexplode(relation.relacl)
          union
          select * from aclexplode(attribute.attacl)
        ) as entry
        where namespace.nspname = 'partywall' and entry.grantee <> relation.relowner
      )
      select
        ${roleNameSql('entry.grantee')} as role,
        array_agg(distinct concat(entry.name, ': ', lower(entry.privilege_type))) as rights
      from entry
      left join pg_catalog.pg_roles as grantee on grantee.oid = entry.grantee
      where entry.grantee = 0 or grantee.rolname = any ($1::name[]) or grantee.rolname ~ '${anyTenantPattern}'
      group by 1
      order by 1`,
    values: [watched],
  }
}
