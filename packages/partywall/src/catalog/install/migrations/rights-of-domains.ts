/** A part that migrations have in common. Frozen: installed catalogs hold the checksums of texts that contain it. */

/**
 * SQL that gives each role that may read or change domains the same rights on new tables.
 * @param name of the function that does it, for this migration alone
 */
export function rightsOfDomains(name: string, tables: readonly string[] = [name]): string {
  return String.raw`-- A role that could read or change domains before this migration can do the same here. A function that is dropped at once: behind a pooler,
-- partywall sends no DO with a text that is put together at run time.
create function partywall.let_use_${name}() returns void
  language plpgsql set search_path = pg_catalog
as $$
declare
  held record;
begin
  for held in
    select
      case privilege.grantee when 0 then 'public' else privilege.grantee::pg_catalog.regrole::text end as grantee,
      pg_catalog.string_agg(distinct privilege.privilege_type, ', ') as privileges
    from pg_catalog.pg_class as relation
    cross join pg_catalog.aclexplode(relation.relacl) as privilege
    where relation.oid = 'partywall.domains'::pg_catalog.regclass
      and privilege.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
      and privilege.grantee <> relation.relowner
    group by privilege.grantee
  loop
    execute pg_catalog.format('grant %s on ${tables.map((table) => `partywall.${table}`).join(', ')} to %s', held.privileges, held.grantee);
  end loop;
end
$$;

select partywall.let_use_${name}();
drop function partywall.let_use_${name}();
`
}
