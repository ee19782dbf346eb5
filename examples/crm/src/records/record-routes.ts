/** The five routes that each kind of record has: list, create, read, change and delete. What differs is in the file of the kind. */
import type { PoolClient } from 'pg'
import { memberOf } from 'partywall/express'
import type { z } from 'zod'
import { notFound } from '../api/problems.ts'
import { route, type ApiRoute, type Rule } from '../api/route.ts'
import type { objectKind } from '../api/schemas/activity.ts'
import { idParam } from '../api/schemas/common.ts'
import type { Parts } from '../parts.ts'
import { inTransaction } from '../transaction.ts'
import { noteActivity } from './activity.ts'
import { changedColumns, type Columns } from './changes.ts'
import { readPage } from './page.ts'
import { assertRoom } from './room.ts'
import type { Where } from './where.ts'

export interface RecordKind {
  readonly kind: z.infer<typeof objectKind>
  readonly path: `/api/${string}`
  readonly table: string
  /** The columns of an answer; the table is `r`. */
  readonly select: string
  /** `customers r left join …` */
  readonly from: string
  /** The column that stands in the activity. */
  readonly title: string
  readonly columns: Columns
  readonly schemas: {
    readonly query: z.ZodType
    readonly page: z.ZodType
    readonly one: z.ZodType
    readonly create: z.ZodType
    readonly change: z.ZodType
  }
  readonly where: (query: any, userId: string) => Where | Promise<Where>
  readonly orderBy: (query: any) => string
  /** More fields of a new record. */
  readonly fill?: (client: PoolClient, fields: any, userId: string) => Promise<object>
  /** @default 'member' */
  readonly mayDelete?: Rule
}

export interface RecordRoutes {
  readonly list: ApiRoute
  readonly create: ApiRoute
  readonly read: ApiRoute
  readonly change: ApiRoute
  readonly remove: ApiRoute
}

export function recordRoutes({ tenancy }: Pick<Parts, 'tenancy'>, given: RecordKind): RecordRoutes {
  const { kind, table, select, from, title, columns, schemas } = given
  const common = { side: 'tenant', rule: 'member' } as const

  const read = async (client: Pick<PoolClient, 'query'>, id: number): Promise<any> => {
    const { rows } = await client.query(`select ${select} from ${from} where r.id = $1`, [id])
    if (rows[0] === undefined) throw notFound()
    return rows[0]
  }

  return {
    list: route({
      ...common,
      method: 'get',
      path: given.path,
      summary: `A page of ${table}`,
      query: schemas.query,
      answer: schemas.page,
      handle: async ({ query, req }) => {
        const { page, limit } = query as { page: number; limit: number }
        const where = await given.where(query, memberOf(req).userId)
        return readPage(tenancy.pool, { select, from, where, orderBy: given.orderBy(query), page, limit })
      },
    }),
    create: route({
      ...common,
      method: 'post',
      path: given.path,
      summary: `A new ${kind}`,
      body: schemas.create,
      answer: schemas.one,
      status: 201,
      handle: ({ body, req }) =>
        inTransaction(tenancy.pool, async (client) => {
          const { userId } = memberOf(req)
          const filled = { ...(body as object), ...(await given.fill?.(client, body, userId)) }
          const { columns: names, expressions, values } = changedColumns(columns, filled)
          const { rows } = await client.query<{ id: number }>(
            `insert into ${table} (${names.join(', ')}) values (${expressions.join(', ')}) returning id`,
            [...values],
          )
          await assertRoom(client, tenancy.current().attributes.limits)
          const created = await read(client, rows[0]!.id)
          await noteActivity(client, { userId, action: 'created', kind, objectId: created.id, title: created[title] })
          return created
        }),
    }),
    read: route({
      ...common,
      method: 'get',
      path: `${given.path}/:id`,
      summary: `One ${kind}`,
      params: idParam,
      answer: schemas.one,
      handle: ({ params }) => read(tenancy.pool, params.id),
    }),
    change: route({
      ...common,
      method: 'patch',
      path: `${given.path}/:id`,
      summary: `Changes some fields of a ${kind}`,
      params: idParam,
      body: schemas.change,
      answer: schemas.one,
      handle: ({ params, body, req }) =>
        inTransaction(tenancy.pool, async (client) => {
          const before = await read(client, params.id)
          const { columns: names, expressions, values } = changedColumns(columns, body as object as Record<string, unknown>)
          if (names.length === 0) return before
          const sets = names.map((name, index) => `${name} = ${expressions[index]!}`)
          await client.query(`update ${table} set ${sets.join(', ')}, updated_at = now() where id = $${values.length + 1}`, [
            ...values,
            params.id,
          ])
          const after = await read(client, params.id)
          const action = after.isDone === true && before.isDone === false ? 'done' : 'changed'
          await noteActivity(client, { userId: memberOf(req).userId, action, kind, objectId: params.id, title: after[title] })
          return after
        }),
    }),
    remove: route({
      ...common,
      rule: given.mayDelete ?? 'member',
      method: 'delete',
      path: `${given.path}/:id`,
      summary: `Deletes a ${kind}`,
      params: idParam,
      handle: ({ params, req }) =>
        inTransaction(tenancy.pool, async (client) => {
          const before = await read(client, params.id)
          await client.query(`delete from ${table} where id = $1`, [params.id])
          await noteActivity(client, {
            userId: memberOf(req).userId,
            action: 'deleted',
            kind,
            objectId: params.id,
            title: before[title],
          })
        }),
    }),
  }
}
