/** Dictionaries and configurations of the text search. Templates and parsers are written in C; they are only counted. */
import { commentOn, membersOf, ownerOf } from './fragments-sql.ts'

export const dictionariesSelect = `
    select
      object.dictname as name,
      ${nameIn('template.tmplnamespace', 'template.tmplname', 'pg_catalog.pg_ts_template_is_visible(template.oid)')} as template,
      object.dictinitoption as options,
      ${ownerOf('object.dictowner')} as owner,
      ${commentOn('pg_ts_dict', 'object.oid')} as comment
    from ${membersOf('pg_ts_dict')} as member
    join pg_catalog.pg_ts_dict as object on object.oid = member.oid
    join pg_catalog.pg_ts_template as template on template.oid = object.dicttemplate
    order by object.dictname`

export const configurationsSelect = `
    select
      object.cfgname as name,
      ${nameIn('parser.prsnamespace', 'parser.prsname', 'pg_catalog.pg_ts_parser_is_visible(parser.oid)')} as parser,
      (
        select coalesce(pg_catalog.json_agg(mapping.words order by mapping.words collate "C"), '[]'::json)
        from (
          select
            pg_catalog.quote_ident(token.alias) || ' with '
            || pg_catalog.string_agg(entry.mapdict::pg_catalog.regdictionary::text, ', ' order by entry.mapseqno) as words
          from pg_catalog.pg_ts_config_map as entry
          join pg_catalog.ts_token_type(object.cfgparser) as token on token.tokid = entry.maptokentype
          where entry.mapcfg = object.oid
          group by token.alias
        ) as mapping
      ) as mappings,
      ${ownerOf('object.cfgowner')} as owner,
      ${commentOn('pg_ts_config', 'object.oid')} as comment
    from ${membersOf('pg_ts_config')} as member
    join pg_catalog.pg_ts_config as object on object.oid = member.oid
    join pg_catalog.pg_ts_parser as parser on parser.oid = object.cfgparser
    order by object.cfgname`

/** There is no type such as regclass for these names. */
function nameIn(schema: string, name: string, isVisible: string): string {
  return `case when ${isVisible} then '' else ${schema}::pg_catalog.regnamespace::text || '.' end || pg_catalog.quote_ident(${name})`
}
