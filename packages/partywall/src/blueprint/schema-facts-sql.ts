/** What a schema itself is: one row, or none when there is no such schema. */
import { membersOf, objectsOf, ownerOf, privilegesOf } from './fragments-sql.ts'

export const schemaFactsSelect = `
    select
      ${ownerOf('namespace.nspowner')} as owner,
      ${privilegesOf('namespace.nspacl', 'n', 'namespace.nspowner')} as privileges,
      (
        select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
          'name', pg_catalog.quote_ident(${ownerOf('defaults.defaclrole')}) || ': ' || ${objectsOf('defaults.defaclobjtype')},
          'privileges', ${privilegesOf('defaults.defaclacl', 'c', 'defaults.defaclrole')}
        ) order by ${ownerOf('defaults.defaclrole')}, defaults.defaclobjtype), '[]'::json)
        from ${membersOf('pg_default_acl')} as member
        join pg_catalog.pg_default_acl as defaults on defaults.oid = member.oid
        where ${privilegesOf('defaults.defaclacl', 'c', 'defaults.defaclrole')}::text <> '[]'
      ) as "defaultPrivileges",
      (
        select pg_catalog.json_agg(
          field.attname || ' ' || pg_catalog.format_type(field.atttypid, field.atttypmod) || case when field.attnotnull then ' not null' else '' end
          order by field.attnum)
        from pg_catalog.pg_class as history
        join pg_catalog.pg_attribute as field on field.attrelid = history.oid and field.attnum > 0 and not field.attisdropped
        where history.relname = 'partywall_migrations'
          and history.relnamespace = path.oid
      ) as "historyColumns",
      (
        select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
          'name', extension.extname,
          'version', extension.extversion
        ) order by extension.extname), '[]'::json)
        from ${membersOf('pg_extension')} as member
        join pg_catalog.pg_extension as extension on extension.oid = member.oid
      ) as extensions
    from pg_catalog.pg_namespace as namespace
    where namespace.oid = path.oid`
