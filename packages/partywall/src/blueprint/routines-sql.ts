import { commentOn, extensionsOf, membersOf, ownerOf, privilegesOf, sorted } from './fragments-sql.ts'

/** Functions, procedures and aggregates. */
export const routinesSelect = `
    select
      routine.proname || '(' || pg_catalog.pg_get_function_identity_arguments(routine.oid) || ')' as name,
      pg_catalog.quote_ident(routine.proname) as "bareName",
      pg_catalog.pg_get_function_identity_arguments(routine.oid) as identity,
      routine.oid::pg_catalog.regprocedure::text as signature,
      case routine.prokind when 'f' then 'function' when 'p' then 'procedure' when 'a' then 'aggregate' else 'window function' end as kind,
      pg_catalog.pg_get_function_arguments(routine.oid) as arguments,
      pg_catalog.pg_get_function_result(routine.oid) as result,
      (select language.lanname from pg_catalog.pg_language as language where language.oid = routine.prolang) as language,
      routine.prosrc as source,
      pg_catalog.pg_get_function_sqlbody(routine.oid) as "parsedBody",
      routine.probin as library,
      case routine.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
      case routine.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end as parallel,
      routine.proisstrict as strict,
      routine.prosecdef as "securityDefiner",
      routine.proleakproof as leakproof,
      routine.procost as cost,
      routine.prorows as rows,
      nullif(routine.prosupport::pg_catalog.oid::pg_catalog.regprocedure::text, '-') as support,
      ${relativeSettings('routine.proconfig')} as settings,
      (
        select coalesce(pg_catalog.json_agg(fact.name || ': ' || fact.value), '[]'::json)
        from pg_catalog.pg_aggregate as aggregate
        cross join lateral (
          values
            -- A regproc would be printed with its schema when the function is overloaded; a regprocedure has its arguments.
            ('kind', aggregate.aggkind::text),
            ('direct arguments', aggregate.aggnumdirectargs::text),
            ('state function', aggregate.aggtransfn::pg_catalog.oid::pg_catalog.regprocedure::text),
            ('state type', pg_catalog.format_type(aggregate.aggtranstype, null)),
            ('state space', aggregate.aggtransspace::text),
            ('initial value', aggregate.agginitval),
            ('final function', aggregate.aggfinalfn::pg_catalog.oid::pg_catalog.regprocedure::text),
            ('final function takes more', aggregate.aggfinalextra::text),
            ('final function changes the state', aggregate.aggfinalmodify::text),
            ('combine function', aggregate.aggcombinefn::pg_catalog.oid::pg_catalog.regprocedure::text),
            ('serialize function', aggregate.aggserialfn::pg_catalog.oid::pg_catalog.regprocedure::text),
            ('deserialize function', aggregate.aggdeserialfn::pg_catalog.oid::pg_catalog.regprocedure::text),
            ('moving state function', aggregate.aggmtransfn::pg_catalog.oid::pg_catalog.regprocedure::text),
            ('moving inverse function', aggregate.aggminvtransfn::pg_catalog.oid::pg_catalog.regprocedure::text),
            ('moving state type', pg_catalog.format_type(nullif(aggregate.aggmtranstype, 0), null)),
            ('moving state space', aggregate.aggmtransspace::text),
            ('moving initial value', aggregate.aggminitval),
            ('moving final function', aggregate.aggmfinalfn::pg_catalog.oid::pg_catalog.regprocedure::text),
            ('moving final function takes more', aggregate.aggmfinalextra::text),
            ('moving final function changes the state', aggregate.aggmfinalmodify::text),
            ('sort operator', nullif(aggregate.aggsortop, 0)::pg_catalog.regoperator::text)
        ) as fact (name, value)
        where aggregate.aggfnoid = routine.oid
          and fact.value is not null
          and (fact.value not in ('-', '0') or fact.name in ('initial value', 'moving initial value'))
      ) as aggregate,
      ${sorted('routine.protrftypes::pg_catalog.regtype[]::text[]')} as transforms,
      ${extensionsOf('pg_proc', 'routine.oid')} as "dependsOn",
      ${ownerOf('routine.proowner')} as owner,
      ${privilegesOf('routine.proacl', 'f', 'routine.proowner')} as privileges,
      ${commentOn('pg_proc', 'routine.oid')} as comment
    from ${membersOf('pg_proc')} as member
    join pg_catalog.pg_proc as routine on routine.oid = member.oid
    -- PostgreSQL makes the constructors of a range.
    where not exists (
        select
        from pg_catalog.pg_depend as made
        where made.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
          and made.objid = routine.oid
          and made.deptype = 'i'
          and made.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
      )
    order by routine.proname, name`

/**
 * The settings of a function. The name of the schema in a search path is `{schema}`: the function is the same in each schema that way, and
 * one that was copied and still leads to the original differs.
 */
function relativeSettings(settings: string): string {
  return `case when ${settings} is null then '[]'::json else (
    select pg_catalog.json_agg(relative.setting order by relative.setting collate "C")
    from pg_catalog.unnest(${settings}) as given
    cross join lateral (
      select case
        when given like 'search\\_path=%' then 'search_path=' || (
          select pg_catalog.string_agg(
            case
              when entry.parts[1] in (pg_catalog.quote_ident(path.name), '"' || path.name || '"') then '{schema}'
              else entry.parts[1]
            end,
            ', ' order by entry.position
          )
          from pg_catalog.regexp_matches(pg_catalog.substr(given, 13), '("(?:[^"]|"")*"|[^", ]+)', 'g')
            with ordinality as entry (parts, position)
        )
        else given
      end as setting
    ) as relative
  ) end`
}
