/**
 * The right to call set_config. Bindings need it; a tenant that may call it can leave its role within one statement. PostgreSQL gives it to everyone, and a
 * superuser takes it back once for each database.
 */
import { identifier } from '../names/identifier.ts'

/** The function, as GRANT and a cast to regprocedure name it. */
export const setConfigFunction = 'pg_catalog.set_config(text, text, boolean)'

/** The statements for a superuser. @param logins the group of tenants that log in themselves; undefined where it does not exist */
export function keepSetConfigSql(login: string, deploy: string, logins?: string): readonly string[] {
  return [
    `revoke execute on function ${setConfigFunction} from public;`,
    ...(login === deploy ? [] : [grantSetConfigSql(login)]),
    // The deploy role lets tenants that log in themselves call it.
    `grant execute on function ${setConfigFunction} to ${identifier(deploy)} with grant option;`,
    ...(logins === undefined ? [] : [grantSetConfigSql(logins)]),
  ]
}

export function grantSetConfigSql(role: string): string {
  return `grant execute on function ${setConfigFunction} to ${identifier(role)};`
}
