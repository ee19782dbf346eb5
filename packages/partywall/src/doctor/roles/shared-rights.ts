/** PW-131: tenants read the shared schema, and write what the option `shared.grants` lists. */
import type { SharedGrants } from '../../config/boundary-option.ts'
import { anyTenantPattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { fromRole, groupsOf, roleNameSql, roleText } from '../context/tenants-sql.ts'
import { capital, listOf } from '../context/wording.ts'

export const sharedRights: Examination = {
  id: 'PW-131',
  title: 'Rights on shared tables that the option "shared.grants" does not list',
  needs: 'roles',
  async run(context: Context) {
    const { askDeploy, facts, options } = context
    const { sharedSchema, extraSearchPath, shared, boundary } = options
    const schemas = [sharedSchema, ...extraSearchPath]
    const watched = [...groupsOf(context), ...(boundary.default === 'path' || facts.login === facts.deploy ? [] : [facts.login])]
    const rights = await askDeploy<Right>(rightsSql(schemas, watched, groupsOf(context)))
    const listed = await askDeploy<{ name: string; privilege: string }>(listedSql(sharedSchema, shared.grants, facts.tenants))
    const wrong = rights.filter((right) => !isListed(right, sharedSchema, shared.grants))
    return [
      ...[...Map.groupBy(wrong, ({ role, schema }) => JSON.stringify([role, schema])).values()].map((alike) =>
        tooMuch(alike, facts.login),
      ),
      ...(listed.length > 0 ? [notGiven(listed)] : []),
    ]
  },
}

interface Right {
  readonly schema: string
  readonly name: string
  readonly role: string
  readonly privilege: string
  /** Of a sequence, the table that its values are for. */
  readonly owner: string | null
  readonly isSequence: boolean
}

/** A tenant that may insert into a table takes values of its sequence. */
function isListed(
  { schema, name, role, privilege, owner, isSequence }: Right,
  sharedSchema: string,
  grants: SharedGrants,
): boolean {
  if (schema !== sharedSchema || role === 'PUBLIC') return false
  const table = isSequence ? owner : name
  if (table === null || !Object.hasOwn(grants, table)) return false
  const needed = isSequence ? (privilege === 'USAGE' ? 'insert' : undefined) : privilege.toLowerCase()
  return grants[table]!.some((one) => one === needed)
}

function tooMuch(alike: readonly Right[], login: string): Observation {
  const { role, schema } = alike[0]!
  const names = [...new Set(alike.map(({ name, privilege }) => `${name}: ${privilege.toLowerCase()}`))]
  const who = role === login ? `The login ${JSON.stringify(login)}, outside of every role,` : capital(roleText(role))
  return {
    severity: 'error',
    seen: `${who} has rights in the schema ${JSON.stringify(schema)} that the option "shared.grants" does not list: ${listOf(names)}.`,
    fix: `Run: revoke … on … from ${fromRole(role)}; or list the table in "shared.grants", if tenants are to write the rows of each other there.`,
  }
}

function notGiven(listed: readonly { readonly name: string; readonly privilege: string }[]): Observation {
  return {
    severity: 'warning',
    seen: `The option "shared.grants" lists rights that tenants do not have: ${listOf(listed.map(({ name, privilege }) => `${name}: ${privilege}`))}.`,
    fix: 'Run: npx partywall boundary upgrade. If the table does not exist, correct its name in the option.',
  }
}

/** More than reading: of PUBLIC, of the roles that are watched, and of single tenants. The login should not even read. */
function rightsSql(schemas: readonly string[], watched: readonly string[], groups: readonly string[]): Statement {
  return {
    text: `
      select
        namespace.nspname::text as schema,
        relation.relname::text as name,
        ${roleNameSql('entry.grantee')} as role,
        entry.privilege_type as privilege,
        (
          select owner.relname::text
          from pg_catalog.pg_depend as dependency
          join pg_catalog.pg_class as owner on owner.oid = dependency.refobjid
          where relation.relkind = 'S'
            and dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and dependency.objid = relation.oid
            and dependency.deptype in ('a', 'i')
          limit 1
        ) as owner,
        relation.relkind = 'S' as "isSequence"
      from pg_catalog.pg_class as relation
      join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
      cross join lateral (
        select entry.*
        from aclexplode(relation.relacl) as entry
        union all
        select entry.*
        from pg_catalog.pg_attribute as attribute
        cross join lateral aclexplode(attribute.attacl) as entry
        where attribute.attrelid = relation.oid
      ) as entry
      left join pg_catalog.pg_roles as grantee on grantee.oid = entry.grantee
      where namespace.nspname = any ($1::name[])
        and relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and entry.grantee <> relation.relowner
        and (entry.grantee = 0 or grantee.rolname = any ($2::name[]) or grantee.rolname ~ '${anyTenantPattern}')
        and (entry.privilege_type <> 'SELECT' or (entry.grantee <> 0 and grantee.rolname <> all ($3::name[]) and grantee.rolname !~ '${anyTenantPattern}'))
      order by 1, 2, 3, 4`,
    values: [schemas, watched, groups],
  }
}

function listedSql(sharedSchema: string, grants: SharedGrants, group: string): Statement {
  return {
    text: `
      select listed.key as name, privilege.value as privilege
      from jsonb_each($2::jsonb) as listed
      cross join lateral jsonb_array_elements_text(listed.value) as privilege
      where not exists (
        select
        from pg_catalog.pg_class as relation
        join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
        join pg_catalog.pg_roles as role on role.rolname = $3::name
        where namespace.nspname = $1::name
          and relation.relname = listed.key::name
          and relation.relkind in ('r', 'p', 'v', 'f')
          and has_table_privilege(role.oid, relation.oid, privilege.value)
      )
      order by 1, 2`,
    values: [sharedSchema, JSON.stringify(grants), group],
  }
}
