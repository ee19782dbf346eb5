/** The members of a tenant: who belongs to it, in which role. */
import type { Request } from 'express'
import { memberOf } from 'partywall/express'
import { ApiProblem } from '../api/problems.ts'
import { route, type ApiRoute } from '../api/route.ts'
import {
  memberChanges,
  memberParam,
  member as memberSchema,
  members as membersSchema,
  type Member,
} from '../api/schemas/members.ts'
import type { Parts } from '../parts.ts'
import { noteActivity } from '../records/activity.ts'

interface UserRow {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly jobTitle: string | null
}

export function memberRoutes({ tenancy }: Pick<Parts, 'tenancy'>): ApiRoute[] {
  const listed = async (self: string, only?: string): Promise<Member[]> => {
    const known = await tenancy.members.list(tenancy.current(), { limit: 1000 })
    const { rows } = await tenancy.pool.query<UserRow>('select id, name, email, "jobTitle" from "user" where id = any($1)', [
      known.map(({ userId }) => userId),
    ])
    const users = new Map(rows.map((row) => [row.id, row]))
    return known
      .filter(({ userId }) => only === undefined || userId === only)
      .map(({ userId, role, createdAt }) => {
        const { name = '', email = '', jobTitle = null } = users.get(userId) ?? {}
        return { userId, name, email, jobTitle, role, joinedAt: createdAt.toISOString(), isSelf: userId === self }
      })
      .toSorted((a, b) => a.name.localeCompare(b.name))
  }
  /** An admin changes neither owners nor makes one: it would rise above itself. */
  const assertMayChange = async (req: Request, userId: string, role?: string): Promise<void> => {
    const target = await tenancy.members.find(tenancy.current(), userId)
    if (target === undefined) throw new ApiProblem(404, 'NOT_A_MEMBER', 'There is no such member.')
    if (memberOf(req).role !== 'owner' && (target.role === 'owner' || role === 'owner'))
      throw new ApiProblem(403, 'NOT_PERMITTED_ROLE', 'Only an owner may do this.')
  }
  const common = { side: 'tenant', rule: { can: 'members.manage' } } as const
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/members',
      rule: 'member',
      summary: 'The members of the tenant',
      answer: membersSchema,
      handle: async ({ req }) => ({
        items: await listed(memberOf(req).userId),
        seats: tenancy.current().attributes.limits.members,
      }),
    }),
    route({
      ...common,
      method: 'patch',
      path: '/api/members/:userId',
      summary: 'Gives a member another role',
      params: memberParam,
      body: memberChanges,
      answer: memberSchema,
      handle: async ({ params: { userId }, body: { role }, req }) => {
        await assertMayChange(req, userId, role)
        await tenancy.members.setRole(tenancy.current(), userId, role)
        return (await listed(memberOf(req).userId, userId))[0]
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/members/:userId',
      summary: 'Removes a member; its name stays at what it did',
      params: memberParam,
      handle: async ({ params: { userId }, req }) => {
        await assertMayChange(req, userId)
        await tenancy.members.remove(tenancy.current(), userId)
        const { rows } = await tenancy.pool.query<{ name: string }>(
          'with ended as (delete from session where "userId" = $1) select name from "user" where id = $1',
          [userId],
        )
        await noteActivity(tenancy.pool, {
          userId: memberOf(req).userId,
          action: 'removed',
          kind: 'member',
          title: rows[0]?.name ?? '',
        })
      },
    }),
  ]
}
