/** What a database holds that belongs to no schema. */
import type { Statement } from '../sql/statement.ts'
import { isNoMember, objectsOf } from './fragments-sql.ts'

/** The definition is for a hash only: it may hold settings and options that are secret. */
export interface DatabaseFact {
  readonly kind: string
  readonly name: string
  readonly definition: string
}

/** The schemas of a database except these, and except those of PostgreSQL and of extensions. */
export function otherSchemasSql(except: readonly string[]): Statement {
  return {
    text: `
      select namespace.nspname::text as schema
      from pg_catalog.pg_namespace as namespace
      where ${isOther}
      order by namespace.nspname`,
    values: [except],
  }
}

export function databaseFactsSql(except: readonly string[]): Statement {
  const facts = Object.entries(sources).map(
    ([kind, { name, definition, from }]) => `
      select '${kind}'::text as kind, (${name})::text as name, (${definition})::text as definition
      from ${from}`,
  )
  return { text: facts.join('\nunion all'), values: [except] }
}

const isOther = `namespace.nspname <> all ($1::pg_catalog.name[])
        and namespace.nspname <> 'information_schema'
        and namespace.nspname not like 'pg\\_%'
        and ${isNoMember("'pg_catalog.pg_namespace'::pg_catalog.regclass", 'namespace.oid')}`

/** The objects that PostgreSQL brings have lower object ids. */
const isOwn = (oid: string, catalog: string) => `${oid} >= 16384
        and ${isNoMember(`'pg_catalog.${catalog}'::pg_catalog.regclass`, oid)}`

const rowWithout = (row: string, ...columns: readonly string[]) =>
  `pg_catalog.to_jsonb(${row}) - '{${columns.join(',')}}'::text[]`

/** Rows are hashed as a whole: their columns differ between the majors of PostgreSQL. */
const sources: Readonly<Record<string, { readonly name: string; readonly definition: string; readonly from: string }>> = {
  schema: {
    name: 'namespace.nspname',
    definition: rowWithout('namespace', 'oid'),
    from: `pg_catalog.pg_namespace as namespace
      where ${isOther}`,
  },
  database: {
    name: 'database.datname',
    definition: `pg_catalog.json_build_array(database.datdba, database.datacl, database.datconnlimit)`,
    from: `pg_catalog.pg_database as database
      where database.datname = pg_catalog.current_database()`,
  },
  extension: {
    name: 'extension.extname',
    definition: 'pg_catalog.json_build_array(extension.extversion, extension.extnamespace::pg_catalog.regnamespace)',
    from: 'pg_catalog.pg_extension as extension',
  },
  'event trigger': {
    name: 'trigger.evtname',
    definition: rowWithout('trigger', 'oid'),
    from: `pg_catalog.pg_event_trigger as trigger
      where ${isOwn('trigger.oid', 'pg_event_trigger')}`,
  },
  publication: {
    name: 'publication.pubname',
    definition: `pg_catalog.json_build_array(${rowWithout('publication', 'oid')}, (
        select pg_catalog.json_agg(pg_catalog.pg_describe_object(part.classid, part.objid, 0) order by part.classid, part.objid)
        from pg_catalog.pg_depend as part
        where part.refclassid = 'pg_catalog.pg_publication'::pg_catalog.regclass
          and part.refobjid = publication.oid
      ))`,
    from: 'pg_catalog.pg_publication as publication',
  },
  subscription: {
    name: 'subscription.subname',
    definition: 'subscription.subenabled',
    from: `pg_catalog.pg_subscription as subscription
      join pg_catalog.pg_database as database on database.oid = subscription.subdbid
      where database.datname = pg_catalog.current_database()`,
  },
  cast: {
    name: `pg_catalog.format_type("cast".castsource, null) || ' as ' || pg_catalog.format_type("cast".casttarget, null)`,
    definition: rowWithout('"cast"', 'oid'),
    from: `pg_catalog.pg_cast as "cast"
      where ${isOwn('"cast".oid', 'pg_cast')}
        -- A cast from or to a type of a schema that is left out belongs to that schema.
        and not exists (
          select
          from pg_catalog.pg_type as type
          join pg_catalog.pg_namespace as namespace on namespace.oid = type.typnamespace
          where type.oid in ("cast".castsource, "cast".casttarget)
            and namespace.nspname = any ($1::pg_catalog.name[])
        )`,
  },
  language: {
    name: 'language.lanname',
    definition: rowWithout('language', 'oid'),
    from: `pg_catalog.pg_language as language
      where ${isOwn('language.oid', 'pg_language')}`,
  },
  'access method': {
    name: 'method.amname',
    definition: rowWithout('method', 'oid'),
    from: `pg_catalog.pg_am as method
      where ${isOwn('method.oid', 'pg_am')}`,
  },
  'foreign data wrapper': {
    name: 'wrapper.fdwname',
    definition: rowWithout('wrapper', 'oid'),
    from: `pg_catalog.pg_foreign_data_wrapper as wrapper
      where ${isOwn('wrapper.oid', 'pg_foreign_data_wrapper')}`,
  },
  'foreign server': {
    name: 'server.srvname',
    definition: rowWithout('server', 'oid'),
    from: `pg_catalog.pg_foreign_server as server
      where ${isOwn('server.oid', 'pg_foreign_server')}`,
  },
  'user mapping': {
    name: `mapping.usename || ' on ' || mapping.srvname`,
    definition: 'mapping.umoptions',
    from: 'pg_catalog.pg_user_mappings as mapping',
  },
  'default privileges': {
    name: `pg_catalog.pg_get_userbyid(defaults.defaclrole) || ': ' || ${objectsOf('defaults.defaclobjtype')}`,
    definition: 'defaults.defaclacl',
    from: `pg_catalog.pg_default_acl as defaults
      where defaults.defaclnamespace = 0`,
  },
  role: {
    name: 'role.rolname',
    definition: `pg_catalog.json_build_array(${rowWithout('role', 'oid', 'rolpassword', 'rolconfig')}, (
        select pg_catalog.json_agg(membership.roleid order by membership.roleid)
        from pg_catalog.pg_auth_members as membership
        where membership.member = role.oid
      ))`,
    from: `pg_catalog.pg_roles as role
      where role.oid >= 16384`,
  },
  settings: {
    name: `case when setting.setrole = 0 then 'all roles' else 'role ' || pg_catalog.pg_get_userbyid(setting.setrole) end
        || case when setting.setdatabase = 0 then ' in all databases' else ' in this database' end`,
    definition: 'setting.setconfig',
    from: `pg_catalog.pg_db_role_setting as setting
      where setting.setdatabase in (
        0,
        (select database.oid from pg_catalog.pg_database as database where database.datname = pg_catalog.current_database())
      )`,
  },
}
