/** Parts of the statements about a schema. Every argument is text of this room, never a value. */

/** The catalogs whose rows may belong to a schema, have a comment, or be a member of an extension. */
import { customerLoginPattern } from '../names/role-name.ts'

export type Catalog =
  | 'pg_class'
  | 'pg_collation'
  | 'pg_constraint'
  | 'pg_default_acl'
  | 'pg_extension'
  | 'pg_policy'
  | 'pg_proc'
  | 'pg_rewrite'
  | 'pg_statistic_ext'
  | 'pg_trigger'
  | 'pg_ts_config'
  | 'pg_ts_dict'
  | 'pg_type'

/**
 * A table with the object ids of what a schema holds, without members of extensions. It reads what depends on the schema, because there is
 * an index for that: pg_class, pg_type and pg_proc have none by schema alone, and would be read as a whole. They are found first, whatever they are
 * joined with: with `offset 0` PostgreSQL does not try other orders, which takes it longer than all the rest.
 */
export function membersOf(catalog: Catalog, schema = 'path.oid'): string {
  return `(
    select dependency.objid as oid
    from pg_catalog.pg_depend as dependency
    where dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
      and dependency.refobjid = ${schema}
      and dependency.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
      and ${isNoMember('dependency.classid', 'dependency.objid')}
    offset 0
  )`
}

/** Whether an object is not a member of an extension. */
export function isNoMember(classid: string, objid: string): string {
  return `not exists (
    select
    from pg_catalog.pg_depend as membership
    where membership.classid = ${classid}
      and membership.objid = ${objid}
      and membership.deptype = 'e'
  )`
}

/**
 * The rows of a catalog that belong to an object, by the index that starts with the column. PostgreSQL overestimates how many objects a schema has, and would
 * otherwise read the whole catalog of a fleet once for each schema.
 */
export function rowsOf(catalog: string, column: string, oid: string): string {
  return `(select row.* from pg_catalog.${catalog} as row where row.${column} = ${oid} offset 0)`
}

/** The relations of a schema, without the history of its migrations. Most queries need them, so their object ids are looked up once. */
export const relationsOfSchema = `(
  select relation.*
  from pg_catalog.unnest(path.relations) as member (oid)
  join pg_catalog.pg_class as relation on relation.oid = member.oid
  where relation.relname <> 'partywall_migrations'
  offset 0
)`

export function commentOn(catalog: Catalog, oid: string, column = '0'): string {
  return `(
    select description.description
    from pg_catalog.pg_description as description
    where description.objoid = ${oid}
      and description.classoid = 'pg_catalog.${catalog}'::pg_catalog.regclass
      and description.objsubid = ${column}
  )`
}

/** The login of a customer's own tool has rights in one tenant; they are no structure. */
function isCustomerLogin(role: string): string {
  return `exists (select from pg_catalog.pg_roles as customer where customer.oid = ${role} and customer.rolname ~ '${customerLoginPattern}')`
}

/** A list of privileges, in words. Without an own list, an object has the privileges that PostgreSQL gives to each new one. */
export function privilegesOf(list: string, kind: 'c' | 'f' | 'n' | 'r' | 's' | 'T', owner: string): string {
  const ofObject = kind === 'c' ? list : `coalesce(${list}, pg_catalog.acldefault('${kind}', ${owner}))`
  return `case when ${ofObject} is null then '[]'::json else (
    select coalesce(pg_catalog.json_agg(distinct privilege.words order by privilege.words), '[]'::json)
    from pg_catalog.aclexplode(${ofObject}) as entry
    cross join lateral (
      select (
        entry.privilege_type || ' to ' || ${granteeOf('entry.grantee', owner)} || case when entry.is_grantable and entry.grantee <> ${owner} then ', with grant option' else '' end
      ) collate "C" as words
    ) as privilege
    where not ${isCustomerLogin('entry.grantee')}
  ) end`
}

/** Who has a privilege, in words. */
export function granteeOf(grantee: string, owner: string): string {
  return `case
          when ${grantee} = 0 then 'everyone'
          when ${grantee} = ${owner} then 'the owner'
          when ${grantee} = path.tenant then 'the tenant'
          else 'role ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(${grantee}))
        end`
}

/** The extensions that an object was declared to depend on: it is dropped with them. */
export function extensionsOf(catalog: Catalog, oid: string): string {
  return `(
    select coalesce(pg_catalog.json_agg(extension.extname order by extension.extname), '[]'::json)
    from pg_catalog.pg_depend as needed
    join pg_catalog.pg_extension as extension on extension.oid = needed.refobjid
    where needed.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
      and needed.objid = ${oid}
      and needed.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
      and needed.deptype = 'x'
  )`
}

export function ownerOf(column: string): string {
  return `pg_catalog.pg_get_userbyid(${column})`
}

/** An array of text as a list, in alphabetical order; an absent one is empty. */
export function sorted(array: string): string {
  return `case when ${array} is null then '[]'::json else (
    select pg_catalog.json_agg(option order by option collate "C")
    from pg_catalog.unnest(${array}) as option
  ) end`
}

/** The collation of a column or a domain, unless it is that of its type. */
export function collationOf(collation: string, type: string): string {
  return `case when ${collation} <> 0 then (
    select ${collation}::pg_catalog.regcollation::text
    from pg_catalog.pg_type as type_of
    where type_of.oid = ${type}
      and type_of.typcollation <> ${collation}
  ) end`
}

/** The kind of object that default privileges are for. */
export function objectsOf(column: string): string {
  return `case ${column}
    when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas'
    else ${column}::text
  end`
}

/** How a trigger or a rule fires. */
export function firingState(column: string): string {
  return `case ${column} when 'O' then 'enabled' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end`
}
