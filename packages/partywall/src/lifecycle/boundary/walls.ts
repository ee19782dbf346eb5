/** The wall of each tenant: what it lacks for the boundary that the configuration gives it, and what is left of the other one. */
import { boundaryOf, type Boundaries } from '../../config/boundary-option.ts'
import type { Boundary } from '../../config/config.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'
import { tenantRole } from '../../names/role-name.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable } from '../../sql/statement.ts'
import type { FleetMember } from './fleet-sql.ts'
import { wallsSql, type WallQuestion, type WallRow } from './walls-sql.ts'

/** What a tenant may lack. `owner`: another role than the deploy role owns objects of it. */
export type Lack = 'schema' | 'role' | 'attributes' | 'group' | 'membership' | 'login' | 'usage' | 'future' | 'objects' | 'owner'

export interface Wall {
  readonly tenant: FleetMember
  /** What the configuration says. */
  readonly boundary: Boundary
  readonly question: WallQuestion
  readonly lacks: readonly Lack[]
  /** Rights of the other boundary are left, which `finish` takes. */
  readonly hasLeft: boolean
  /** Among them is one that is no right in the schema: the role itself, its login, or who may take it. */
  readonly isLoginLeft: boolean
  /** Whether its role is in the group of those that log in themselves. */
  readonly isInLogins: boolean
}

/** How many tenants one statement compares: it holds nothing back, and memory stays bounded. */
const page = 2000

/** Costs one statement for 2,000 tenants. */
export async function readWalls(
  queryable: Queryable,
  names: RoleNames,
  boundaries: Boundaries,
  tenants: readonly FleetMember[],
): Promise<Wall[]> {
  const walls: Wall[] = []
  for (let from = 0; from < tenants.length; from += page) {
    const some = tenants.slice(from, from + page)
    const questions = some.map((tenant) => questionOf(tenant, boundaryOf(boundaries, tenant), names))
    const rows = await readJson<WallRow>(queryable, wallsSql(questions, names))
    const bySchema = new Map(rows.map((row) => [row.schema, row]))
    for (const [index, tenant] of some.entries()) {
      const row = bySchema.get(tenant.schema)!
      const isLoginLeft = hasOldLogin(row, questions[index]!, names)
      walls.push({
        tenant,
        boundary: boundaryOf(boundaries, tenant),
        question: questions[index]!,
        lacks: lacksOf(row, questions[index]!),
        hasLeft: Number(row.of_other) > 0 || isLoginLeft,
        isLoginLeft,
        isInLogins: row.in_logins,
      })
    }
  }
  return walls
}

/** Under the boundary `path` the login uses the schema, unless it is the owner, who needs no grant. */
function questionOf(tenant: FleetMember, boundary: Boundary, { login, deploy }: RoleNames): WallQuestion {
  const ofLogin = login === deploy ? null : login
  const role = tenantRole(tenant.id)
  return boundary === 'path'
    ? { schema: tenant.schema, user: ofLogin, other: role, isOwn: false, logsIn: false }
    : { schema: tenant.schema, user: role, other: ofLogin, isOwn: true, logsIn: boundary === 'login' }
}

/**
 * What only another boundary needs: the role itself, a login of its own, or that the application's login may take it. The group of logins may call
 * set_config, with which a role that is taken could be left.
 */
function hasOldLogin(row: WallRow, { isOwn, logsIn }: WallQuestion, { login, deploy }: RoleNames): boolean {
  if (!isOwn) return row.other_is_left
  return logsIn ? row.is_member && login !== deploy : row.may_log_in || row.in_logins
}

function lacksOf(row: WallRow, { logsIn }: WallQuestion): Lack[] {
  if (!row.exists) return ['schema']
  const is: readonly (readonly [Lack, boolean])[] = [
    ['role', row.has_role],
    ['attributes', row.has_attributes],
    ['group', row.in_group && (!logsIn || (row.in_logins && row.may_set_config))],
    ['membership', logsIn || row.may_be_taken],
    ['login', !logsIn || row.may_log_in],
    ['usage', row.schema_rights],
    ['future', row.future],
    ['objects', row.objects === '0'],
    ['owner', row.owned_by_others === '0'],
  ]
  return is.filter(([, isRight]) => !isRight).map(([lack]) => lack)
}
